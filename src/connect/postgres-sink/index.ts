import type { SinkWriter } from '../sink-writer.ts';
import { type PostgresUpsertOptions, planOf } from './options.ts';
import { PostgresWriter } from './postgres-writer.ts';

export type { PostgresUpsertOptions } from './options.ts';

/** @throws ConfigError with every problem of the options */
export function postgresWriter<K, V>(options: PostgresUpsertOptions<K, V>): SinkWriter<K, V> {
  return new PostgresWriter(planOf(options));
}
