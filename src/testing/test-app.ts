import { randomUUID } from 'node:crypto';
import { endTest } from '../app/under-test.ts';
import type { App } from '../app.ts';
import { startBrokerThread } from '../broker/index.ts';
import { securityOf } from '../config/index.ts';
import { StreamerError } from '../errors.ts';
import { type KafkaClient, kafkajs } from '../kafka/index.ts';
import { appLetterTopicOf, deadLetterTopicOf, readLetter, type Worker } from '../runtime/index.ts';
import type { TableView } from '../tables/index.ts';
import { type AnyTopic, bytes, type Message, optional, type SendResult, Topic } from '../topics/index.ts';
import { ForeignTopics } from './foreign-topics.ts';
import type { RawMessage, Received, ReceivedLetter } from './received.ts';
import { settled } from './settled.ts';
import { type TestTable, testTable } from './test-table.ts';
import { TopicReader } from './topic-reader.ts';

export interface TestAppOptions {
  /** Brokers to test on, instead of an embedded one. */
  readonly brokers?: readonly string[];
}

export interface TestApp {
  /** Another one after `restart`. */
  readonly worker: Worker;
  /**
   * Sends a message to the test's broker. A topic of another app, which the app under test reads by a pattern, is created there
   * first: nothing is sent to that app's own broker.
   */
  send<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, message: Message<KIn, VIn>): Promise<SendResult>;
  /** Sends bytes as they are, past the serdes of the topic: for input that does not decode. */
  sendRaw(topic: AnyTopic | string, message: RawMessage): Promise<SendResult>;
  /**
   * Resolves to the next record of a topic, from its beginning on, that no earlier call has returned.
   *
   * @param timeoutMs @default 5_000
   * @throws when none comes in time
   */
  next<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, timeoutMs?: number): Promise<Received<K, V>>;
  /**
   * Resolves to all letters of the topic: those of its dead-letter topic, `<topic>.<app>.dlq`, or, for a topic that the app reads
   * by a pattern, those of it in `<app>.dlq`. Oldest first within a partition.
   *
   * @param timeoutMs @default 5_000
   */
  deadLetters(topic: AnyTopic | string, timeoutMs?: number): Promise<ReceivedLetter[]>;
  /** Resolves when every record sent so far has been finished by every agent that reads it. */
  settled(timeoutMs?: number): Promise<void>;
  /** What a table holds now: what events that have finished wrote to it. */
  table<K, V>(table: TableView<K, V>): TestTable<K, V>;
  /** Stops the worker and starts another one: what it knows then comes from the broker. The broker goes on. */
  restart(): Promise<void>;
  /** Stops the app, and the broker if it is the test's. */
  stop(): Promise<void>;
}

/**
 * Starts an app on a broker of its own in memory (or on the brokers given), its topics created.
 *
 * @example
 * const t = await testApp(app);
 * await t.send(orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 20_000 } });
 * expect(await t.next(large)).toMatchObject({ key: 'u1' });
 * await t.stop();
 */
export async function testApp(app: App, options: TestAppOptions = {}): Promise<TestApp> {
  const broker = options.brokers === undefined ? await startBrokerThread() : undefined;
  const brokers = options.brokers ?? (broker === undefined ? [] : [broker.address]);
  try {
    app.configure({ env: {}, flags: { brokers, commitIntervalMs: 50, fetchWaitMs: 50 } });
    await (await (await app.client()).admin()).createTopics(app.topicSpecs());
    const { values } = app.settings;
    const client = kafkajs({ clientId: `${app.id}.test`, brokers, maxBatchBytes: values.maxBatchBytes, ...securityOf(values) });
    const foreign = new ForeignTopics(app, client);
    return new RunningApp(app, client, await foreign.start(), foreign, async () => broker?.close());
  } catch (error) {
    await app.stop();
    await broker?.close();
    throw error;
  }
}

class RunningApp implements TestApp {
  readonly #app: App;
  #worker: Worker;
  readonly #client: KafkaClient;
  readonly #foreign: ForeignTopics;
  readonly #closeBroker: () => Promise<void>;
  readonly #readers = new Map<string, TopicReader>();

  constructor(app: App, client: KafkaClient, worker: Worker, foreign: ForeignTopics, closeBroker: () => Promise<void>) {
    this.#app = app;
    this.#foreign = foreign;
    this.#client = client;
    this.#worker = worker;
    this.#closeBroker = closeBroker;
  }

  get worker(): Worker {
    return this.#worker;
  }

  async send<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, message: Message<KIn, VIn>): Promise<SendResult> {
    return this.#foreign.send(topic, () => topic.encode(message));
  }

  async sendRaw(topic: AnyTopic | string, message: RawMessage): Promise<SendResult> {
    const [name, partitions] = typeof topic === 'string' ? [topic, 1] : [topic.name, topic.partitions];
    await this.#foreign.create(name, partitions);
    const { key, value, ...others } = message;
    const raw = new Topic(this.#app, name, { key: optional(bytes()), value: bytes() });
    const frame = { ...others, key: key === undefined || key === null ? null : Buffer.from(key) };
    return value === null ? raw.tombstone(frame) : raw.send({ ...frame, value: Buffer.from(value) });
  }

  async next<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, timeoutMs = 5_000): Promise<Received<K, V>> {
    const { partition, record } = await this.#reader(topic.name, 'next').next(timeoutMs);
    const { serdes, name } = topic;
    const key = record.key === null ? null : await serdes.key.decode(record.key, { topic: name, part: 'key' });
    const value = record.value === null ? null : await serdes.value.decode(record.value, { topic: name, part: 'value' });
    const { offset, timestamp, headers } = record;
    // A record without key in a topic whose keys are not optional: the app under test dead-letters it, and a test may look at it.
    return { key: key as K, value, partition, offset, timestamp, headers };
  }

  async deadLetters(topic: AnyTopic | string, timeoutMs = 5_000): Promise<ReceivedLetter[]> {
    const origin = typeof topic === 'string' ? topic : topic.name;
    const name = this.#app.topics.has(origin) ? deadLetterTopicOf(origin, this.#app.id) : appLetterTopicOf(this.#app.id);
    const exists = (await (await this.#client.admin()).partitionCounts([name])).has(name);
    const records = exists ? await this.#reader(name, 'letters').all(timeoutMs) : [];
    const letters = records.map(({ record: { key, value, headers } }) => ({ ...readLetter(headers), key, value, headers }));
    return letters.filter((letter) => letter.topic === origin);
  }

  settled(timeoutMs = 5_000): Promise<void> {
    return settled(this.#app, this.worker, timeoutMs);
  }

  table<K, V>({ name }: TableView<K, V>): TestTable<K, V> {
    const table = this.#app.tables.get(name);
    if (table === undefined) throw new StreamerError('USAGE', `app "${this.#app.id}" has no table "${name}"`);
    return testTable<K, V>(table, () => this.worker);
  }

  async restart(): Promise<void> {
    await this.#app.stop();
    this.#worker = await this.#foreign.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
    await this.#client.close();
    await this.#app.stop();
    endTest(this.#app);
    await this.#closeBroker();
  }

  #reader(topic: string, use: 'next' | 'letters'): TopicReader {
    const id = `${use} ${topic}`;
    const reader = this.#readers.get(id) ?? new TopicReader(this.#client, topic, `${this.#app.id}.test.${randomUUID()}`);
    this.#readers.set(id, reader);
    return reader;
  }
}
