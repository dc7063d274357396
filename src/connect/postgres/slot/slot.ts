import { StreamerError } from '../../../errors.ts';
import { parseLsn } from '../pgoutput/lsn.ts';
import type { Database } from '../server/database.ts';
import { messageOf, needsRights, replicationGrant, sqlState } from '../server/server-error.ts';
import { literal } from '../server/sql.ts';

export interface Slot {
  readonly confirmed: bigint;
  /** Where the server begins to decode at each look. */
  readonly restart: bigint;
  /** The server has dropped log that the slot still needed. */
  readonly isLost: boolean;
}

const TOO_MANY_SLOTS = '53400';

/** Returns the slot, or undefined when there is none. @throws StreamerError when it belongs to something else */
export async function findSlot(database: Database, slot: string): Promise<Slot | undefined> {
  const [row] = await database.rows(
    `select plugin, database, current_database(), wal_status, confirmed_flush_lsn, restart_lsn from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  if (row === undefined) return undefined;
  const [plugin, its, ours, status, confirmed, restart] = row;
  if (plugin !== 'pgoutput' || its !== ours) {
    throw new StreamerError('REFUSED', `the slot "${slot}" is of plugin ${plugin} in database ${its}: it is not ours`, {
      next: 'Choose another name with the option `slot`.',
    });
  }
  return { confirmed: parseLsn(confirmed ?? '0/0'), restart: parseLsn(restart ?? '0/0'), isLost: status === 'lost' };
}

/** Creates a slot from which changes are read from now on. */
export async function createSlot(database: Database, slot: string): Promise<void> {
  await explained(database, () => database.rows('select pg_create_logical_replication_slot($1, $2)', [slot, 'pgoutput']));
}

export async function dropSlot(database: Database, slot: string): Promise<void> {
  await database.rows('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [slot]);
}

export interface SnapshotSlot {
  /** For `set transaction snapshot`. */
  readonly snapshot: string;
  /** Changes after this position are not in the snapshot; those before it are. */
  readonly consistentPoint: bigint;
}

/**
 * Creates a slot that lives as long as the connection, with a snapshot of exactly its starting point. Nothing else may run on the
 * connection while the snapshot is needed.
 */
export async function createSnapshotSlot(replication: Database, name: string): Promise<SnapshotSlot> {
  const [row = []] = await replication.rows(`CREATE_REPLICATION_SLOT "${name}" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`);
  const [, consistentPoint, snapshot] = row;
  return { consistentPoint: parseLsn(consistentPoint ?? ''), snapshot: snapshot ?? '' };
}

/** Creates the lasting slot, at the position of the temporary one. From then on the snapshot counts as complete. */
export async function keepSlot(replication: Database, temporary: string, slot: string): Promise<void> {
  await replication.rows(`select pg_copy_logical_replication_slot(${literal(temporary)}, ${literal(slot)}, false)`);
}

/** Runs what creates a slot, or connects in order to create one. @throws StreamerError that says what is missing */
export async function explained<T>(database: Database, create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (error) {
    throw await explanation(database, error);
  }
}

async function explanation(database: Database, error: unknown): Promise<unknown> {
  if (sqlState(error) === TOO_MANY_SLOTS) {
    return new StreamerError('REFUSED', messageOf(error), {
      cause: error,
      next: 'A snapshot needs two free slots for a moment. Raise max_replication_slots (and restart the server), or drop slots that nobody reads.',
    });
  }
  const role = (await database.value('select current_user').catch(() => null)) ?? 'role';
  return needsRights(error, [replicationGrant(role)], role) ?? error;
}
