import { randomBytes } from 'node:crypto';
import type { Source, SourceRecord, SourceState, WrittenRecord } from '../../connect/index.ts';
import { describeError } from '../../errors.ts';
import { addHeader, type KafkaAdmin, type KafkaClient, type RecordHeaders } from '../../kafka/index.ts';
import type { Counter } from '../../observe/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { backoff, sleep } from '../../timing/index.ts';
import { headerBytes } from '../../topics/index.ts';
import type { DirectOutputs } from '../output/outputs.ts';
import type { Services } from '../services.ts';
import { writtenRecords } from './written-records.ts';

const log = libraryLog('source');
/** A run of this length was not a failure to start: the back-off starts from the beginning. */
const STEADY_MS = 60_000;

/** What a source needs of its worker. */
export interface SourceHost {
  readonly appId: string;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  readonly direct: DirectOutputs;
}

/** Runs one source beside the agents: starts it again when it fails, and reports its state. */
export class SourceRunner {
  readonly name: string;
  readonly source: Source;
  readonly #host: SourceHost;
  readonly #services: Services;
  readonly #records: Counter;
  readonly #stopping = new AbortController();
  #state: SourceState = { phase: 'starting', detail: '' };
  #running: Promise<void> | undefined;

  constructor(name: string, source: Source, host: SourceHost, services: Services) {
    this.name = name;
    this.source = source;
    this.#host = host;
    this.#services = services;
    this.#records = services.telemetry.counter('source_records_total', { source: name });
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Records acknowledged so far. */
  get records(): number {
    return this.#records.value;
  }

  start(): void {
    this.#running = this.#keepRunning();
  }

  /** Resolves when the source has stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock } = this.#services;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const since = clock.now();
      try {
        await this.source.run({
          signal,
          send: (record) => this.#send(record),
          state: (phase, detail) => this.#tell({ phase, detail }),
          written: (topics) => this.#written(topics),
        });
        if (!signal.aborted) throw new Error('the source ended by itself');
      } catch (error) {
        if (signal.aborted) break;
        if (clock.now() - since > STEADY_MS) attempt = 1;
        this.#tell({ phase: 'failing', detail: describeError(error) });
        log.warning('"{source}" failed and starts again: {error}', { source: this.name, error: describeError(error) });
        await sleep(backoff(attempt, 500, 30_000), signal, clock);
      }
    }
    this.#tell({ phase: 'stopped', detail: '' });
  }

  async *#written(topics: readonly string[]): AsyncGenerator<WrittenRecord> {
    const { appId, client, admin } = this.#host;
    const groupId = `${appId}.${this.name}.${randomBytes(6).toString('hex')}`;
    yield* writtenRecords({ client, admin: await admin(), groupId, signal: this.#stopping.signal }, topics);
  }

  #send({ topic, key, value, headers }: SourceRecord): Promise<void> {
    const message = { key, value, headers: recordHeaders(headers), timestamp: undefined, partition: undefined };
    return new Promise((resolve, reject) => {
      this.#host.direct.send(topic, message, (error) => {
        if (error !== undefined) return reject(error);
        this.#records.add();
        resolve();
      });
    });
  }

  #tell(state: SourceState): void {
    if (state.phase === this.#state.phase && state.detail === this.#state.detail) return;
    if (state.phase !== this.#state.phase) {
      const { phase, detail } = state;
      log.info('"{source}" {phase}{detail}', { source: this.name, phase, detail: detail === '' ? '' : `: ${detail}` });
    }
    this.#state = state;
    this.#services.tell('source', { source: this.name, ...state });
  }
}

/** Values of a repeated name stay in order. */
function recordHeaders(headers: SourceRecord['headers']): RecordHeaders | undefined {
  if (headers === undefined || headers.length === 0) return undefined;
  const all: RecordHeaders = {};
  for (const [name, value] of headers) addHeader(all, name, headerBytes(name, value));
  return all;
}
