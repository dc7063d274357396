/**
 * What a row was written from, kept in the row itself, and what a deleted row was deleted by, kept in a table of its own: else a
 * late older event would bring the row back. Log positions are compared within one server and timeline, offsets within one partition;
 * what cannot be compared is taken as newer.
 */
export const guardColumns = [
  /** `topic[partition]`, and behind a space the server (`serverOf`) whose log position is kept. */
  { name: '_streamer_source', type: 'text' },
  { name: '_streamer_offset', type: 'bigint' },
  /** Position in the log of the source database, as a number; null when the event had none. */
  { name: '_streamer_lsn', type: 'bigint' },
] as const;

/** In the schema of the connection's search path. */
export const DELETED = '"_streamer_deleted"';

export const createDeleted = `create table if not exists ${DELETED} (
  "table" text, "key" jsonb, "_streamer_source" text, "_streamer_offset" bigint, "_streamer_lsn" bigint,
  "deleted_at" timestamptz not null default now(), primary key ("table", "key"));`;

/** The text of `_streamer_source`. */
export function sourceText(partition: string, server: string | undefined): string {
  return server === undefined ? partition : `${partition} ${server}`;
}

/** A server as one word: what names it, and the timeline of its log where that is known. */
export function serverOf(parts: readonly unknown[]): string {
  return parts.map((part) => encodeURIComponent(part === undefined || part === null ? '' : String(part))).join('/');
}

/** SQL: was what is there written from a later event than what comes? */
export function isStale(there: string, comes: string): string {
  const [offset, lsn] = ['"_streamer_offset"', '"_streamer_lsn"'];
  return `case when ${server(there)} = ${server(comes)} and ${there}.${lsn} <> ${comes}.${lsn} then ${there}.${lsn} > ${comes}.${lsn}
    when ${partition(there)} = ${partition(comes)} then ${there}.${offset} > ${comes}.${offset} else false end`;
}

/** SQL: do both come from one partition? */
export function isSamePartition(there: string, comes: string): string {
  return `${partition(there)} = ${partition(comes)}`;
}

function partition(row: string): string {
  return `split_part(${row}."_streamer_source", ' ', 1)`;
}

/** Empty where no position is kept: then there is none to compare either. */
function server(row: string): string {
  return `split_part(${row}."_streamer_source", ' ', 2)`;
}
