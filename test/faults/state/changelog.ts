import { committedOf, openRecords } from './log/committed.ts';
import type { Log } from './log/read-log.ts';
import { type Contents, canonical } from './proof/evidence.ts';

/** Keys that begin with a zero byte are the framework's. */
const RESERVED = 0;
const FORMAT = 1;

/** The value of a changelog record as docs/state.md describes it: a format byte, the time in bytes of seven bits, the value. */
function valueOf(bytes: Buffer): string {
  if (bytes[0] !== FORMAT) throw new Error(`a changelog value of format ${bytes[0]} is not expected here`);
  let at = 1;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return canonical(JSON.parse(bytes.toString('utf8', at + 1)));
}

/** @param decode values as JSON texts; tables of strings hold the text itself */
export function contentsOf(log: Log, table: string, isText: boolean): Contents {
  const entries = new Map<string, string>();
  for (const { key, value } of committedOf(log.records)) {
    if (key === null || key[0] === RESERVED) continue;
    const name = key.toString('utf8');
    if (value === null) entries.delete(name);
    else entries.set(name, isText ? textOf(value) : valueOf(value));
  }
  return { table, partition: log.partition, entries };
}

function textOf(bytes: Buffer): string {
  let at = 1;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return canonical(bytes.toString('utf8', at + 1));
}

export function openIn(log: Log): number {
  return openRecords(log.records);
}
