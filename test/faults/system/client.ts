import { type Admin, Kafka, logLevel } from 'kafkajs';
import { sleep } from '../clock.ts';

/** kafkajs as it comes, independent of the code under test. */
export function kafkaOf(brokers: string): Kafka {
  return new Kafka({
    clientId: 'faults',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
  });
}

export async function withAdmin<T>(brokers: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaOf(brokers).admin();
  await persist(() => admin.connect());
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Again and again until it works; a broker may be down meanwhile. */
export async function persist<T>(work: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(200)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

export async function waitForBroker(brokers: string): Promise<void> {
  await withAdmin(brokers, (admin) => persist(() => admin.listTopics()));
}

export async function brokerPorts(brokers: string): Promise<number[]> {
  const first = brokers.split(',').map((address) => Number(address.slice(address.lastIndexOf(':') + 1)));
  const all = await withAdmin(brokers, (admin) => persist(() => admin.describeCluster()));
  return [...new Set([...first, ...all.brokers.map(({ port }) => port)])];
}

/** Makes topics and waits until their leaders serve them. */
export async function createTopics(brokers: string, names: readonly string[], partitions: number): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const { brokers: nodes } = await persist(() => admin.describeCluster());
    const replicationFactor = Math.min(3, nodes.length);
    const topics = names.map((topic) => ({ topic, numPartitions: partitions, replicationFactor }));
    await persist(() => admin.createTopics({ waitForLeaders: false, topics }));
    for (const topic of names) {
      await persist(async () => {
        const offsets = await admin.fetchTopicOffsets(topic);
        if (offsets.length !== partitions) throw new Error(`${topic} has ${offsets.length} partitions so far`);
      });
    }
  });
}

/** Where each partition of a topic ends. */
export async function endsOf(admin: Admin, topic: string): Promise<ReadonlyMap<number, number>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}
