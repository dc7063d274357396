import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { readerOf } from '../server/lock.ts';
import { dottedTable, qualified } from '../server/sql.ts';

export interface SlotStatus {
  /** Everything up to this position is acknowledged. As `16/B374D848`. */
  readonly confirmed: string;
  /** The server keeps its log from this position on. */
  readonly restart: string;
  /** Bytes of log after the confirmed position: what is left to read, with other tables' changes. */
  readonly lagBytes: number;
  /** Bytes of log that the server keeps for the slot. */
  readonly keptBytes: number;
  /** As `pg_replication_slots.wal_status`: `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string;
  /** Bytes that may still be written before the slot is invalidated; undefined without `max_slot_wal_keep_size`. */
  readonly safeBytes: number | undefined;
}

export interface ChangesStatus {
  readonly slot: string;
  /** Undefined when there is no slot yet. */
  readonly state: SlotStatus | undefined;
  readonly publication: string;
  /** The tables of the publication, as `public.cars`. */
  readonly published: readonly string[];
  /** Wanted tables that are not in it. */
  readonly missing: readonly string[];
  /** The session that reads the slot; undefined when there is none. */
  readonly reader: string | undefined;
  /** As the server shows it; `-1` means that a slot that nobody reads may fill the disk. */
  readonly maxSlotWalKeepSize: string;
}

export async function readStatus(database: Database, { slot, publication, tables }: ResolvedOptions): Promise<ChangesStatus> {
  const published = await database.rows('select schemaname, tablename from pg_publication_tables where pubname = $1 order by 1, 2', [
    publication,
  ]);
  const names = published.map(([schema, name]) => `${schema}.${name}`);
  const roots = await database.rows(
    `select n.nspname || '.' || c.relname from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
       join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace where p.pubname = $1`,
    [publication],
  );
  const listed = new Set([...names, ...roots.map(([name]) => name)]);
  return {
    slot,
    state: await slotStatus(database, slot),
    publication,
    published: names,
    missing: tables.filter((table) => !listed.has(dottedTable(table))).map(qualified),
    reader: await readerOf(database, slot),
    maxSlotWalKeepSize: await database.required('show max_slot_wal_keep_size'),
  };
}

async function slotStatus(database: Database, slot: string): Promise<SlotStatus | undefined> {
  const [row] = await database.rows(
    `select confirmed_flush_lsn, restart_lsn, pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn),
       pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn), wal_status, safe_wal_size
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  if (row === undefined) return undefined;
  const [confirmed, restart, lag, kept, walStatus, safe] = row;
  return {
    confirmed: confirmed ?? '',
    restart: restart ?? '',
    lagBytes: Math.max(0, Number(lag)),
    keptBytes: Math.max(0, Number(kept)),
    walStatus: walStatus ?? 'unknown',
    safeBytes: safe === null || safe === undefined ? undefined : Number(safe),
  };
}
