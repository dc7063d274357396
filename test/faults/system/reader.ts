import { randomUUID } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import { kafkaOf, withAdmin } from './client.ts';

export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every record of the topics up to their present ends, in order within a partition, read by a group of its own. */
export async function readTopics(brokers: string, topics: readonly string[]): Promise<LogRecord[]> {
  return withAdmin(brokers, async (admin) => {
    const missing = new Map<string, number>();
    for (const topic of topics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        if (Number(high) > 0) missing.set(`${topic}/${partition}`, Number(high));
      }
    }
    if (missing.size === 0) return [];
    const groupId = `faults-reader-${randomUUID()}`;
    const records = await consume(brokers, topics, groupId, missing);
    await admin.deleteGroups([groupId]);
    return records;
  });
}

async function consume(brokers: string, topics: readonly string[], groupId: string, missing: Map<string, number>): Promise<LogRecord[]> {
  const consumer = kafkaOf(brokers).consumer({ groupId, maxWaitTimeInMs: 100 });
  const records: LogRecord[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            const name = `${batch.topic}/${batch.partition}`;
            for (const message of batch.messages) records.push(toRecord(batch.topic, batch.partition, message));
            if (Number(batch.lastOffset()) + 1 >= (missing.get(name) ?? 0)) missing.delete(name);
            if (missing.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records;
}

function toRecord(topic: string, partition: number, { offset, key, value, headers }: KafkaMessage): LogRecord {
  const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]);
  return {
    topic,
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: String(value),
    headers: Object.fromEntries(texts),
  };
}
