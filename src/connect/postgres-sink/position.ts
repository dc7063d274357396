import { isObject, own } from './connect-schema.ts';
import { serverOf } from './guard.ts';

/** A position in the log of a source database. Positions in the logs of different servers, or of different timelines, cannot be compared. */
export interface Position {
  readonly server: string;
  readonly lsn: bigint;
}

/**
 * The position of a change event, from its `source`: the server is what `name` (the connector's prefix) and `db` name, and the timeline
 * where the event has one.
 */
export function positionOf(source: unknown, topic: string): Position | undefined {
  if (!isObject(source)) return undefined;
  return position(own(source, 'lsn'), [own(source, 'name'), own(source, 'db'), own(source, 'timeline')], topic);
}

/** The position of a row by itself, from the fields that Debezium's transform adds: `__lsn`, or `__source_lsn`, and the like. */
export function rowPosition(row: Readonly<Record<string, unknown>>, topic: string): Position | undefined {
  const added = (name: string) => own(row, `__${name}`) ?? own(row, `__source_${name}`);
  return position(added('lsn'), [added('name'), added('db'), added('timeline')], topic);
}

/** An event that does not name its server has the topic's, to which one server writes. */
function position(lsn: unknown, [name, db, timeline]: readonly unknown[], topic: string): Position | undefined {
  const at = lsnOf(lsn);
  if (at === undefined) return undefined;
  const isNamed = isText(name) || isText(db);
  return { server: serverOf(isNamed ? [name, db, timeline] : [topic, '', timeline]), lsn: at };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function lsnOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : undefined;
}
