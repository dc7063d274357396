import type { Event } from '../../topics/index.ts';
import type { SinkWriter, WriteOutcome } from '../sink-writer.ts';
import { newCounts } from './counts.ts';
import { type PostgresUpsertOptions, type PostgresUpsertPlan, planOf } from './options.ts';
import type { PostgresWriter } from './postgres-writer.ts';

export type { PostgresUpsertOptions } from './options.ts';

/** @throws ConfigError with every problem of the options */
export function postgresWriter<K, V>(options: PostgresUpsertOptions<K, V>): SinkWriter<K, V> {
  return new LoadedWriter(planOf(options));
}

/** Loads the writer when it is first used: it is 28 modules, and every app imports this one. */
class LoadedWriter<K, V> implements SinkWriter<K, V> {
  readonly name = 'postgresUpsert';
  readonly #plan: PostgresUpsertPlan<K, V>;
  #writer: PostgresWriter<K, V> | undefined;

  constructor(plan: PostgresUpsertPlan<K, V>) {
    this.#plan = plan;
  }

  async open(): Promise<void> {
    await (await this.#load()).open();
  }

  async write(events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]> {
    return (await this.#load()).write(events);
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  counts(): Readonly<Record<string, number>> {
    return this.#writer?.counts() ?? newCounts();
  }

  async #load(): Promise<PostgresWriter<K, V>> {
    if (this.#writer === undefined) {
      const { PostgresWriter } = await import('./postgres-writer.ts');
      this.#writer ??= new PostgresWriter(this.#plan);
    }
    return this.#writer;
  }
}
