import { StreamerError } from '../../../errors.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { readerOf } from '../server/lock.ts';
import { messageOf, sqlState } from '../server/server-error.ts';
import { identifier } from '../server/sql.ts';

const IN_USE = '55006';

/** Drops the slot. @returns false when there was none. @throws StreamerError while it is being read */
export async function resetSlot(database: Database, { slot, publication }: ResolvedOptions, withPublication: boolean): Promise<boolean> {
  const reader = await readerOf(database, slot);
  if (reader !== undefined) {
    throw new StreamerError('REFUSED', `the slot "${slot}" is being read (${reader})`, { next: 'Stop the workers of the app first.' });
  }
  const exists = (await database.rows('select from pg_replication_slots where slot_name = $1', [slot])).length > 0;
  try {
    if (exists) await database.rows('select pg_drop_replication_slot($1)', [slot]);
  } catch (error) {
    if (sqlState(error) !== IN_USE) throw error;
    throw new StreamerError('REFUSED', messageOf(error), { cause: error, next: 'Stop the process that reads it first.' });
  }
  if (withPublication) await database.rows(`drop publication if exists ${identifier(publication)}`);
  return exists;
}
