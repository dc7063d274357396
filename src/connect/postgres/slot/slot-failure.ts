import { Discontinuity } from '../discontinuity.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { messageOf, sqlState } from '../server/server-error.ts';
import { shownTable } from '../server/sql.ts';
import { findSlot } from './slot.ts';

const UNDEFINED_OBJECT = '42704';
const NOT_IN_PREREQUISITE_STATE = '55000';

/** Returns what a failed look at a slot is: a gap in the stream where the slot or the publication is gone, else the error itself. */
export async function slotFailure(database: Database, options: ResolvedOptions, error: unknown): Promise<unknown> {
  const state = sqlState(error);
  if (state !== UNDEFINED_OBJECT && state !== NOT_IN_PREREQUISITE_STATE) return error;
  const { slot, publication, tables } = options;
  await database.rows('rollback');
  const found = await findSlot(database, slot);
  if (found === undefined || found.isLost) {
    const how = found === undefined ? 'was dropped while the source was running' : 'was invalidated by the server';
    return new Discontinuity('onSlotLost', `the replication slot "${slot}" ${how}: changes since then are lost, deletes among them`);
  }
  if (state !== UNDEFINED_OBJECT) return error;
  const names = tables.map(shownTable).join(', ');
  return new Discontinuity(
    'onTableReplaced',
    `the publication "${publication}" did not exist when changes were written, so those of ${names} cannot be read (${messageOf(error)})`,
  );
}
