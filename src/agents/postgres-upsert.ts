import { type PostgresUpsertOptions, postgresWriter } from '../connect/postgres-sink/index.ts';
import type { Behaviour } from './behaviour.ts';
import type { SinkBatchOptions } from './sink/batch.ts';
import { sink } from './sink/sink.ts';

export interface PostgresUpsertSinkOptions<K, V> extends PostgresUpsertOptions<K, V> {
  readonly batch?: SinkBatchOptions | undefined;
}

/**
 * Writes events into a table of Postgres by key: `app.agent('store', predictions, postgresUpsert({ url, table: 'prices' }))`.
 * Needs the package `pg`.
 *
 * Reads rows, or change events as Debezium writes them (`values`), with or without schema, or the rows that `row` returns. Upserts by
 * `insert ... on conflict`, deletes by tombstone; columns that an event does not hold stay as they are.
 *
 * - An event is finished when its transaction is committed, so a crash repeats events, never loses them; an event that is older than
 *   the one that a row was written from changes nothing (`guard`).
 * - A row that is refused, for any reason, fails its event alone, with the column and the reason; the others of its batch are written.
 * - A database that cannot be used (connection, shutdown, full disk) is waited for, visibly, without end.
 */
export function postgresUpsert<K, V>(options: PostgresUpsertSinkOptions<K, V> = {}): Behaviour<K, V, never> {
  const { batch, ...others } = options;
  return sink(postgresWriter(others), batch);
}
