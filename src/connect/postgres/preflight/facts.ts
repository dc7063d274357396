import { type Publication, readPublication } from '../catalog/publication.ts';
import { readTableFacts, type TableFacts } from '../catalog/table-facts.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database, Row } from '../server/database.ts';

/** What the server says of itself and of the role that is connected. */
export interface ServerFacts {
  /** As `180004`. */
  readonly version: number;
  readonly walLevel: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly encoding: string;
  readonly role: string;
  /** By its own attributes; some cloud services give the right by membership in a role of theirs. */
  readonly mayReplicate: boolean;
  readonly mayCreate: boolean;
  readonly freeSlots: number;
  /** End of the log when the facts were read; 0 on a standby. */
  readonly flushedLsn: bigint;
  readonly maxSlotWalKeepSize: string;
}

/** Everything that the preflight judges, read in one go. */
export interface Facts {
  readonly server: ServerFacts;
  readonly tables: readonly TableFacts[];
  /** Undefined when it does not exist. */
  readonly publication: Publication | undefined;
  readonly hasSlot: boolean;
}

const SERVER = `select current_setting('server_version_num'), current_setting('wal_level'), pg_is_in_recovery(),
  current_setting('transaction_read_only'), current_setting('server_encoding'), current_user,
  (select rolsuper or rolreplication from pg_roles where rolname = current_user)
    or exists (select from pg_roles where rolname in ('rds_replication', 'azure_pg_admin', 'cloudsqlreplica') and pg_has_role(oid, 'usage')),
  has_database_privilege(current_database(), 'create'),
  current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots), current_setting('max_slot_wal_keep_size'),
  case when pg_is_in_recovery() then '0/0' else pg_current_wal_flush_lsn()::text end`;

export async function readFacts(database: Database, options: ResolvedOptions): Promise<Facts> {
  const [server = []] = await database.rows(SERVER);
  const slots = await database.rows('select from pg_replication_slots where slot_name = $1', [options.slot]);
  return {
    server: serverFacts(server),
    tables: await readTableFacts(database, options.tables, options),
    publication: await readPublication(database, options.publication, options.tables),
    hasSlot: slots.length > 0,
  };
}

function serverFacts(row: Row): ServerFacts {
  const [version, walLevel, isStandby, isReadOnly, encoding, role, mayReplicate, mayCreate, freeSlots, keepSize, flushed] = row;
  return {
    version: Number(version),
    walLevel: walLevel ?? '',
    isStandby: isStandby === 't',
    isReadOnly: isReadOnly === 'on',
    encoding: encoding ?? '',
    role: role ?? '',
    mayReplicate: mayReplicate === 't',
    mayCreate: mayCreate === 't',
    freeSlots: Number(freeSlots),
    flushedLsn: parseLsn(flushed ?? '0/0'),
    maxSlotWalKeepSize: keepSize ?? '',
  };
}
