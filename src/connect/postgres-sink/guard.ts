/**
 * What a row was written from, kept in the row itself, and what a deleted row was deleted by, kept in a table of its own: else a
 * late older event would bring the row back. Log positions are compared when both sides have one, offsets within one partition
 * alone; what cannot be compared is taken as newer.
 */
export const guardColumns = [
  /** `topic[partition]` */
  { name: '_streamer_source', type: 'text' },
  { name: '_streamer_offset', type: 'bigint' },
  /** Of the source database, as a number; null when the event had none. */
  { name: '_streamer_lsn', type: 'bigint' },
] as const;

/** In the schema of the connection's search path. */
export const DELETED = '"_streamer_deleted"';

export const createDeleted = `create table if not exists ${DELETED} (
  "table" text, "key" jsonb, "_streamer_source" text, "_streamer_offset" bigint, "_streamer_lsn" bigint,
  "deleted_at" timestamptz not null default now(), primary key ("table", "key"));`;

/** SQL: was what is there written from a later event than what comes? */
export function isStale(there: string, comes: string): string {
  const [source, offset, lsn] = ['"_streamer_source"', '"_streamer_offset"', '"_streamer_lsn"'];
  return `case when ${there}.${lsn} <> ${comes}.${lsn} then ${there}.${lsn} > ${comes}.${lsn}
    when ${there}.${source} = ${comes}.${source} then ${there}.${offset} > ${comes}.${offset} else false end`;
}
