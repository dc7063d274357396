import type { PostgresChanges, Source, SourceRecord } from 'streamerjs/connect';
import { until } from '../../helpers/app.ts';

export interface Change {
  readonly op: 'r' | 'c' | 'u' | 'd' | 't';
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: { readonly snapshot: string; readonly table: string; readonly lsn: number; readonly txId: number };
}

/** Stands in for the runtime: runs a source and keeps what it sends. */
export class Collector {
  readonly records: SourceRecord[] = [];
  readonly states: Array<readonly [phase: string, detail: string]> = [];
  /** Called for each record; its promise is the broker's acknowledgement. */
  acknowledge: (record: SourceRecord) => Promise<void> = async () => {};
  readonly #before: readonly SourceRecord[];
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @param before records that stand in the topics already */
  constructor(before: readonly SourceRecord[] = []) {
    this.#before = before;
  }

  start(source: Source): this {
    this.#running = source.run({
      signal: this.#stopping.signal,
      state: (phase, detail) => this.states.push([phase, detail]),
      send: async (record) => {
        await this.acknowledge(record);
        this.records.push(record);
      },
      written: (topics) => this.#written(topics),
    });
    this.#running.catch(() => {});
    return this;
  }

  /** What stands in topics: the records of collectors before, then its own. */
  async *#written(topics: readonly string[]): AsyncGenerator<SourceRecord> {
    for (const record of [...this.#before, ...this.records]) if (topics.includes(record.topic)) yield record;
  }

  /** What the run came to: resolves when it was stopped, rejects with what ended it. */
  get ended(): Promise<void> {
    return this.#running!;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Values of the records that have one. */
  get changes(): Change[] {
    return this.records.filter(({ value }) => value !== null).map(({ value }) => JSON.parse(value!.toString('utf8')) as Change);
  }

  phase(name: string, timeoutMs?: number): Promise<unknown> {
    return until(
      () => this.states.at(-1),
      (state) => state?.[0] === name,
      timeoutMs,
    );
  }

  count(count: number, timeoutMs?: number): Promise<unknown> {
    return until(
      () => this.records.length,
      (length) => length >= count,
      timeoutMs,
    );
  }
}

/** Runs a source until it has read everything that is there. */
export async function started(source: PostgresChanges, before: readonly SourceRecord[] = []): Promise<Collector> {
  const collector = new Collector(before).start(source);
  await Promise.race([collector.phase('streaming'), collector.ended]);
  return collector;
}
