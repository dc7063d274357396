import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import { startBrokerThread } from '../broker/index.ts';
import type { RecordHeaders } from '../kafka/index.ts';
import type { Worker } from '../runtime/index.ts';
import type { AnyTopic, Message, SendResult, Topic } from '../topics/index.ts';
import { TopicReader } from './topic-reader.ts';

/** A record of a topic, decoded. */
export interface Received<K, V> {
  readonly key: K;
  readonly value: V | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

export interface TestAppOptions {
  /** Brokers to test on, instead of an embedded one. */
  readonly brokers?: readonly string[];
}

export interface TestApp {
  readonly worker: Worker;
  send<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, message: Message<KIn, VIn>): Promise<SendResult>;
  /**
   * The next record of a topic, from its beginning on, that no earlier call has given.
   *
   * @param timeoutMs @default 5_000
   * @throws when none comes in time
   */
  next<K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, timeoutMs?: number): Promise<Received<K, V>>;
  /** Resolves when every record sent so far has been finished by every agent that reads it. */
  settled(timeoutMs?: number): Promise<void>;
  /** Stops the app, and the broker if it is ours. */
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
  const readers = new Map<AnyTopic, TopicReader>();
  const stop = async () => {
    await Promise.all([...readers.values()].map((reader) => reader.close()));
    await app.stop();
    await broker?.close();
  };
  try {
    const brokers = broker === undefined ? options.brokers! : [broker.address];
    app.configure({ env: {}, flags: { brokers, commitIntervalMs: 50, fetchWaitMs: 50 } });
    const client = await app.client();
    await (await client.admin()).createTopics(app.topicSpecs());
    const worker = await app.start();
    return {
      worker,
      send: (topic, message) => topic.send(message),
      next: async <K, V, KIn, VIn>(topic: Topic<K, V, KIn, VIn>, timeoutMs = 5_000) => {
        const key = topic as unknown as AnyTopic;
        const reader = readers.get(key) ?? new TopicReader(client, key, `${app.id}.test.${randomUUID()}`);
        readers.set(key, reader);
        return (await reader.next(timeoutMs)) as Received<K, V>;
      },
      settled: (timeoutMs = 5_000) => settled(app, worker, timeoutMs),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Settled: everything that lies in the assigned partitions is finished, looked at twice because outputs make new work. */
async function settled(app: App, worker: Worker, timeoutMs: number): Promise<void> {
  const admin = await (await app.client()).admin();
  const deadline = Date.now() + timeoutMs;
  let calm = '';
  for (;;) {
    const topics = new Set(worker.stats().assigned.map(({ topic }) => topic));
    const ends = new Map<string, number>();
    for (const topic of topics) for (const mark of await admin.watermarks(topic)) ends.set(`${topic}/${mark.partition}`, mark.latest);
    const isDone = worker.positions().every(({ topic, partition, offset }) => offset >= (ends.get(`${topic}/${partition}`) ?? 0));
    const picture = JSON.stringify([...ends]);
    if (isDone && picture === calm) return;
    calm = isDone ? picture : '';
    if (Date.now() > deadline) throw new Error(`the app has not settled within ${timeoutMs} ms: ${JSON.stringify(worker.stats())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
