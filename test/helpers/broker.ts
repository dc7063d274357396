import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, type KafkaMessage, logLevel, type Producer } from 'kafkajs';

/** Bootstrap list of the broker that the run tests against; which one it is, no test may ask. */
export function brokers(): string[] {
  const list = process.env.TEST_BROKERS;
  if (!list) throw new Error('TEST_BROKERS is not set: run the tests through vitest.config.ts, whose global setup starts a broker.');
  return list.split(',');
}

/** A name for a topic or group that no other test, file or run has. */
export function unique(name: string): string {
  return `${name}-${randomUUID().slice(0, 13)}`;
}

/** A client of its own, silent but for errors that the test should see in its assertions. */
export function client(clientId = 'test'): Kafka {
  return new Kafka({ clientId, brokers: brokers(), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, retries: 5 } });
}

export async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client().admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes a topic with a unique name. @returns the name */
/** Runs `use` with a producer of the real client, that is not of ours. */
export async function withProducer<T>(use: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = client().producer();
  await producer.connect();
  try {
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

export async function createTopic(name: string, options: { partitions?: number; configs?: Record<string, string> } = {}): Promise<string> {
  const topic = unique(name);
  const configEntries = Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value }));
  const numPartitions = options.partitions ?? 1;
  await withAdmin(async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }] });
    await waitForLeaders(admin, topic, numPartitions);
  });
  return topic;
}

/**
 * Kafka answers the creation before every node knows of the topic and before its leaders serve it, and kafkajs' own wait
 * fails on what they say until then.
 */
export async function waitForLeaders(admin: Admin, topic: string, partitions = 1): Promise<void> {
  for (const deadline = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const known = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
    const leaders = known.topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? [];
    if (leaders.length === partitions && (await isServed(admin, topic))) return;
    if (Date.now() > deadline) throw new Error(`${topic}: ${leaders.length} of ${partitions} partitions had a leader after 15 s`);
  }
}

async function isServed(admin: Admin, topic: string): Promise<boolean> {
  return admin.fetchTopicOffsets(topic).then(
    () => true,
    () => false,
  );
}

export type ReadRecord = KafkaMessage & { readonly partition: number };

/**
 * Every record of a topic, from its start to its end at the time of the call, by a group of its own that is deleted
 * afterwards: independent of the code under test. In the order of offsets within a partition.
 */
export async function readAll(topic: string): Promise<ReadRecord[]> {
  return withAdmin(async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const missing = new Map(
      ends.filter(({ high, low }) => Number(high) > Number(low)).map(({ partition, high }) => [partition, Number(high)]),
    );
    if (missing.size === 0) return [];
    const groupId = unique('reader');
    const records = await consumeUntil(topic, groupId, missing);
    await admin.deleteGroups([groupId]);
    return records;
  });
}

async function consumeUntil(topic: string, groupId: string, missing: Map<number, number>): Promise<ReadRecord[]> {
  const consumer = client('reader').consumer({ groupId, maxWaitTimeInMs: 100 });
  const records: ReadRecord[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      // Batches without a record (transaction markers) never reach the handler, but their end is an event.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        const end = missing.get(payload.partition);
        if (end !== undefined && Number(payload.lastOffset) + 1 >= end) missing.delete(payload.partition);
        if (missing.size === 0) resolve();
      });
      const eachBatch = async ({ batch }: { batch: { partition: number; messages: KafkaMessage[] } }) => {
        const end = missing.get(batch.partition) ?? 0;
        for (const message of batch.messages) if (Number(message.offset) < end) records.push({ ...message, partition: batch.partition });
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records;
}
