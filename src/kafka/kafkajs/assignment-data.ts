import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';

/** The first byte, as in the data of members: a reader takes another version for no data at all. */
const VERSION = 1;
const FIELD = { transactionalIds: 1 } as const;

/**
 * What the leader tells every member beside its partitions: the transactional ids of all members. A member that is gone in a later
 * generation can be fenced by them.
 */
export function encodeAssignmentData(transactionalIds: readonly string[]): Buffer {
  if (transactionalIds.length === 0) return Buffer.alloc(0);
  const writer = new Writer();
  writer.int8(VERSION);
  writer.uvarint(Object.keys(FIELD).length);
  writer.taggedField(FIELD.transactionalIds, (field) => {
    field.arrayLength(transactionalIds.length, true);
    for (const id of transactionalIds) field.string(id, true);
  });
  return Buffer.concat(writer.finish());
}

/** Anything that is not such data is read as no ids. */
export function decodeAssignmentData(data: Buffer | null | undefined): readonly string[] {
  let ids: string[] = [];
  if (data === null || data === undefined || data[0] !== VERSION) return ids;
  try {
    new Reader(data.subarray(1)).taggedFields((tag, field) => {
      if (tag !== FIELD.transactionalIds) return;
      ids = Array.from({ length: Math.max(0, field.arrayLength(true)) }, () => field.string(true) ?? '');
    });
  } catch {
    return [];
  }
  return ids;
}
