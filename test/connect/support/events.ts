import type { Event } from '../../../src/topics/index.ts';

/** An event as a sink's writer gets it. */
export function event(key: unknown, value: unknown, offset: number, topic = 'db.public.cars', partition = 0): Event<unknown, unknown> {
  return { key, value, topic, partition, offset, timestamp: 0, headers: {}, signal: new AbortController().signal };
}

/** A change event as Debezium writes it without schemas. */
export function change(op: string, row: object | null, lsn?: number, before: object | null = null): object {
  return { before, after: row, source: { lsn: lsn ?? null, db: 'db', table: 'cars' }, op, ts_ms: 0 };
}

export function field(name: string, type: string, more: object = {}): object {
  return { field: name, type, optional: true, ...more };
}

/** A value with its schema, as Kafka Connect's JSON converter writes it. */
export function schemed(fields: readonly object[], payload: object | null): object {
  return { schema: { type: 'struct', fields, optional: payload === null, name: 'db.public.cars.Value' }, payload };
}
