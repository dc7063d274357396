import type { KafkaRecord } from 'streamerjs';
import { StreamerError } from 'streamerjs';
import { app, predictions, seniorPredictions, seniors } from '../app.ts';
import type { Band } from '../band.ts';
import type { Prediction } from '../customer.ts';
import type { Display } from './display.ts';
import type { Parts } from './parts.ts';
import { TopicReader } from './reader.ts';
import { type Role, Tally } from './tally.ts';

const CATCH_UP_MS = 30_000;

/** Watches the topics from outside and keeps count of what became of the customers of this run. */
export class Observation {
  readonly tally: Tally;
  /** Milliseconds since the process began. */
  firstPredictionAt: number | undefined;
  lastRecordAt = performance.now();
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #reader: TopicReader;
  readonly #display: Display;
  #acknowledged = 0;

  constructor(client: Parts['client'], admin: Parts['admin'], band: Band, display: Display) {
    this.tally = new Tally(band);
    this.#display = display;
    this.#roles = new Map<string, Role>([
      [predictions.name, 'prediction'],
      [seniors.name, 'forwarded'],
      [seniorPredictions.name, 'bandPrediction'],
      ...app
        .topicSpecs()
        .filter(({ lettersOf }) => lettersOf !== undefined)
        .map(({ name }): [string, Role] => [name, 'deadLetter']),
    ]);
    this.#reader = new TopicReader(client, admin, [...this.#roles.keys()], (topic, record) => this.#read(topic, record));
  }

  open(): Promise<void> {
    return this.#reader.open();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** Expects the customer before it is sent, and counts the acknowledgement. */
  async send(key: string, age: number, sending: () => Promise<unknown>): Promise<void> {
    this.tally.expect(key, age);
    await sending();
    this.#acknowledged++;
  }

  /** Grows with whatever happens. */
  get news(): number {
    return this.#acknowledged + this.tally.records;
  }

  show(isLast = false): void {
    this.#display.progress(this.#acknowledged, this.tally.seen('prediction'), this.tally.seen('bandPrediction'), isLast);
  }

  /** Reads up to where the topics end now. */
  async catchUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new StreamerError('UNAVAILABLE', `the topics could not be read to their end within ${CATCH_UP_MS / 1_000} s`);
      timer = setTimeout(() => reject(error), CATCH_UP_MS);
    });
    await Promise.race([this.#reader.catchUp(), late]).finally(() => clearTimeout(timer));
  }

  #read(topic: string, record: KafkaRecord): void {
    const role = this.#roles.get(topic);
    if (role === undefined || record.key === null) return;
    const key = record.key.toString('utf8');
    const value = role === 'prediction' && record.value !== null ? (JSON.parse(record.value.toString('utf8')) as Prediction) : undefined;
    if (!this.tally.record(role, key, value?.prediction)) return;
    this.lastRecordAt = performance.now();
    if (value === undefined) return;
    this.tally.job(value.job, value.prediction);
    this.firstPredictionAt ??= this.lastRecordAt;
    this.#display.prediction(key, value);
  }
}
