import { type PostgresUpsertOptions, postgresWriter } from '../connect/index.ts';
import type { Behaviour } from './behaviour.ts';
import { type SinkBatchOptions, sink } from './sink/sink.ts';

export interface PostgresUpsertSinkOptions<K, V> extends PostgresUpsertOptions<K, V> {
  readonly batch?: SinkBatchOptions | undefined;
}

/**
 * Writes events into a table of Postgres by key: `app.agent('store', predictions, postgresUpsert({ url, table: 'prices' }))`.
 * Needs the package `pg`.
 *
 * Reads change events as Debezium writes them (with or without schema, whole or unwrapped), other JSON objects, and whatever
 * `row` makes a row of. Upserts by `insert ... on conflict`, deletes by tombstone; columns that an event does not hold stay as they are.
 *
 * - An event is finished when its transaction is committed, so a crash repeats events, never loses them; events older than what
 *   a row was written from change nothing (`guard`).
 * - A row that the table refuses fails its event alone, with the column and the reason; the others of its batch are written.
 * - A database that cannot be reached, a deadlock, a full disk, a table that is gone: waited for, visibly, without end.
 */
export function postgresUpsert<K, V>(options: PostgresUpsertSinkOptions<K, V> = {}): Behaviour<K, V, never> {
  const { batch, ...others } = options;
  return sink(postgresWriter(others), batch);
}
