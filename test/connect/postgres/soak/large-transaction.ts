import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { until } from '../../../helpers/app.ts';
import { sql } from '../../../helpers/replicating-postgres.ts';
import { SourceChild } from './source-child.ts';

export interface LargeFigures {
  readonly rows: number;
  readonly seconds: number;
  /** Resident memory of the process before it, and the most while it read. */
  readonly beforeMiB: number;
  readonly mostMiB: number;
}

/** One transaction of so many rows of about 500 bytes, read by a process of its own. */
export async function largeTransaction(url: string, brokers: readonly string[], rows: number): Promise<LargeFigures> {
  const run = randomUUID().slice(0, 8);
  const topic = `large-${run}.public.large`;
  const admin = new Kafka({ clientId: 'large', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }] });
  await sql(url, 'create table large (id int primary key, v text)');
  const child = new SourceChild({ url, brokers, id: `large-${run}`, prefix: `large-${run}`, slot: `large_${run}`, tables: ['large'] });
  try {
    await until(
      () => child.printed,
      (text) => text.includes('streaming'),
      60_000,
    );
    await until(
      () => child.mostBytes,
      (bytes) => bytes > 0,
    );
    const before = child.mostBytes;
    await sql(url, `insert into large select g, repeat('x', 500) from generate_series(1, ${rows}) g`);
    const since = performance.now();
    await until(
      () => child.records,
      (records) => records >= rows,
      600_000,
    );
    const seconds = Number(((performance.now() - since) / 1000).toFixed(1));
    return { rows, seconds, beforeMiB: before >> 20, mostMiB: child.mostBytes >> 20 };
  } finally {
    await child.end('SIGTERM');
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }
}
