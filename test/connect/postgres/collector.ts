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
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  start(source: Source): this {
    this.#running = source.run({
      signal: this.#stopping.signal,
      state: (phase, detail) => this.states.push([phase, detail]),
      send: async (record) => {
        await this.acknowledge(record);
        this.records.push(record);
      },
    });
    this.#running.catch(() => {});
    return this;
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
export async function started(source: PostgresChanges): Promise<Collector> {
  const collector = new Collector().start(source);
  await Promise.race([collector.phase('streaming'), collector.ended]);
  return collector;
}
