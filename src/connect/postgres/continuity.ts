import { readPublicationState } from './catalog/publication-state.ts';
import type { IdentifiedTable } from './catalog/table-watch.ts';
import { Discontinuity } from './discontinuity.ts';
import type { Facts } from './preflight/facts.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import type { Database } from './server/database.ts';
import { isSameTable, shownTable } from './server/sql.ts';
import type { Slot } from './slot/slot.ts';

/** What a source knows from its earlier runs in this process. */
export interface CaptureMemory {
  hasHadSlot: boolean;
  /** A snapshot is due although `snapshot` is `never`. */
  isSnapshotDue: boolean;
  tables: readonly IdentifiedTable[] | undefined;
}

export function nothingYet(): CaptureMemory {
  return { hasHadSlot: false, isSnapshotDue: false, tables: undefined };
}

/** @throws Discontinuity where changes were lost since the last run */
export function refuseGaps(options: ResolvedOptions, facts: Facts, slot: Slot | undefined, memory: CaptureMemory): void {
  if (slot === undefined) {
    if (memory.hasHadSlot) throw slotGone(options.slot);
    return;
  }
  if (slot.isLost) {
    const text = `the server has dropped log that the slot "${options.slot}" still needed (max_slot_wal_keep_size): changes are lost`;
    throw new Discontinuity('onSlotLost', text);
  }
  refuseOtherTables(facts, memory.tables ?? []);
  refuseUnpublished(options, facts);
}

/**
 * A publication that was dropped and created again while nobody read, or changed and changed back, looks as before. The mark that the
 * source has left in it (its comment) is missing then, or another, and the catalogue's rows are younger than the slot.
 *
 * @throws Discontinuity
 */
export async function refuseOtherPublication(
  database: Database,
  { publication, slot }: ResolvedOptions,
  tables: readonly IdentifiedTable[],
): Promise<void> {
  const state = await readPublicationState(database, { publication, slot, oids: tables.map(({ oid }) => oid) });
  if (state === undefined || state.noted === state.mark || !state.isNewerThanSlot) return;
  const text = `the publication "${publication}" was created again or changed since the slot "${slot}" was read last: changes in between may be missing`;
  throw new Discontinuity('onTableReplaced', text);
}

export function slotGone(slot: string): Discontinuity {
  const text = `the replication slot "${slot}" was dropped while the source was running: changes since then are lost, deletes among them`;
  return new Discontinuity('onSlotLost', text);
}

/**
 * A publication for all tables takes in a table that is recreated. Its number shows that to the process that has read the table
 * before. Another process sees that it is younger than the slot; so does the source itself, wrongly, where the table was created just
 * before the slot, while an older transaction was open, and the slot was not moved since.
 */
function refuseOtherTables({ tables, publication }: Facts, known: readonly IdentifiedTable[]): void {
  const replaced = known.find((each) => tables.find((table) => isSameTable(table, each))?.oid !== each.oid);
  const takenIn = tables.filter((table) => !table.isListed && !publication?.missing.some((each) => isSameTable(each, table)));
  const younger = takenIn.find((table) => table.isNewerThanSlot && !known.some((each) => isSameTable(each, table)));
  const other = replaced ?? younger;
  if (other === undefined) return;
  const text = `${shownTable(other)} was replaced by another table of that name, or is gone: later changes are not read`;
  throw new Discontinuity('onTableReplaced', text);
}

/**
 * Without a snapshot, a table that is added to `tables` later needs no rows from before. Tables that do not exist are the preflight's
 * to report.
 */
function refuseUnpublished({ publication: name, slot, snapshot, tables }: ResolvedOptions, { publication, tables: found }: Facts): void {
  if (publication !== undefined && found.some(({ oid }) => oid === undefined)) return;
  const missing = publication?.missing ?? tables;
  if (missing.length === 0 || (snapshot === 'never' && publication !== undefined)) return;
  const names = missing.map(shownTable).join(', ');
  const what =
    publication === undefined ? `the publication "${name}" of ${names} does not exist` : `the publication "${name}" lacks ${names}`;
  throw new Discontinuity(
    'onTableReplaced',
    `${what}, though the slot "${slot}" exists: it was dropped, or a table was recreated, or added to \`tables\` since; changes so far were not read`,
  );
}
