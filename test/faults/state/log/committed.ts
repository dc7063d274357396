import type { LoggedRecord } from './batches.ts';

/**
 * What a reader of committed records sees, worked out from the markers: a transactional record counts when the next marker of
 * its producer in the partition commits. What no marker has decided is left out.
 */
export function committedOf(records: readonly LoggedRecord[]): LoggedRecord[] {
  const open = new Map<number, LoggedRecord[]>();
  const committed: LoggedRecord[] = [];
  for (const record of records) {
    if (record.marker !== undefined) {
      if (record.marker === 'commit') committed.push(...(open.get(record.producerId) ?? []));
      if (record.marker !== 'other') open.delete(record.producerId);
    } else if (record.isTransactional) {
      const own = open.get(record.producerId);
      if (own === undefined) open.set(record.producerId, [record]);
      else own.push(record);
    } else committed.push(record);
  }
  return committed.sort((a, b) => a.offset - b.offset);
}

/** Transactional records that no marker has decided yet. */
export function openRecords(records: readonly LoggedRecord[]): number {
  const open = new Map<number, number>();
  for (const { marker, isTransactional, producerId } of records) {
    if (marker === undefined && isTransactional) open.set(producerId, (open.get(producerId) ?? 0) + 1);
    else if (marker === 'commit' || marker === 'abort') open.delete(producerId);
  }
  return [...open.values()].reduce((sum, count) => sum + count, 0);
}
