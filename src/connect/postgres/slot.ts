import { StreamerError } from '../../errors.ts';
import { type Database, literal, sqlState } from './database.ts';
import { parseLsn } from './pgoutput/lsn.ts';
import { needsRights, replicationGrant } from './setup.ts';

export interface Slot {
  readonly confirmed: bigint;
  /** Where every look at the log begins. */
  readonly restart: bigint;
}

/** The slot as it is; absent when there is none. @throws StreamerError when it cannot be read */
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
  if (status === 'lost') {
    throw new StreamerError(
      'REFUSED',
      `the server has dropped log that the slot "${slot}" still needed (max_slot_wal_keep_size): changes are lost`,
      {
        next: 'Begin anew with a snapshot: `streamer cdc reset -A <app>`.',
      },
    );
  }
  return { confirmed: parseLsn(confirmed!), restart: parseLsn(restart!) };
}

/** Makes a slot from which changes are read from now on. */
export async function createSlot(database: Database, slot: string): Promise<void> {
  try {
    await database.rows('select pg_create_logical_replication_slot($1, $2)', [slot, 'pgoutput']);
  } catch (error) {
    throw await refusedSlot(database, error);
  }
}

export interface SnapshotSlot {
  /** For `set transaction snapshot`. */
  readonly snapshot: string;
  /** Changes after this position are not in the snapshot; those before it are. */
  readonly consistentPoint: bigint;
}

/**
 * Makes a slot that lives as long as the connection, with a snapshot of exactly its starting point. Nothing else may be run on
 * the connection while the snapshot is wanted.
 */
export async function createSnapshotSlot(replication: Database, name: string): Promise<SnapshotSlot> {
  const [row] = await replication.rows(`CREATE_REPLICATION_SLOT "${name}" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`);
  return { consistentPoint: parseLsn(row![1]!), snapshot: row![2]! };
}

/** Makes the lasting slot, at the place of the temporary one. From here on the snapshot counts as complete. */
export async function keepSlot(replication: Database, temporary: string, slot: string): Promise<void> {
  await replication.rows(`select pg_copy_logical_replication_slot(${literal(temporary)}, ${literal(slot)}, false)`);
}

export async function refusedSlot(database: Database, error: unknown): Promise<unknown> {
  const role = await database.value('select current_user').catch(() => null);
  if (sqlState(error) === '53400') {
    return new StreamerError('REFUSED', (error as Error).message, {
      cause: error,
      next: 'A snapshot needs two free slots for a moment. Raise max_replication_slots (and restart), or drop slots that nobody reads.',
    });
  }
  return needsRights(error, [replicationGrant(role ?? 'role')]) ?? error;
}
