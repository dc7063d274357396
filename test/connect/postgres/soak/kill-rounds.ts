import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { until } from '../../../helpers/app.ts';
import { sql, withClient } from '../../../helpers/replicating-postgres.ts';
import { SourceChild } from './source-child.ts';

export interface KillOptions {
  /** Of a database of its own. */
  readonly url: string;
  readonly brokers: readonly string[];
  /** How often the process is killed. */
  readonly kills: number;
  /** Committed meanwhile. */
  readonly transactions: number;
  readonly random: () => number;
}

export interface KillFigures {
  readonly kills: number;
  readonly transactions: number;
  /** Of rows, in these transactions. */
  readonly changes: number;
  readonly records: number;
  /** Records beyond one a change and one a row of the snapshot: what was read again after a kill. */
  readonly repeated: number;
}

const KEYS = 20;

/**
 * Kills the process of a source again and again while transactions count up rows, and reads the topic afterwards.
 *
 * @throws Error when a change is missing, or a key's changes are out of order
 */
export async function killRounds({ url, brokers, kills, transactions, random }: KillOptions): Promise<KillFigures> {
  const run = randomUUID().slice(0, 8);
  const options = { url, brokers, id: `kill-${run}`, prefix: `kill-${run}`, slot: `kill_${run}`, tables: ['counter'] };
  const topic = `${options.prefix}.public.counter`;
  const kafka = new Kafka({ clientId: 'kill', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }] });
  await sql(
    url,
    `create table counter (id int primary key, n int not null); insert into counter select g, 0 from generate_series(1, ${KEYS}) g`,
  );
  const counter = new Counter(url, random);
  const reader = await TopicReader.start(kafka, topic);
  try {
    const part = Math.ceil(transactions / (kills + 1));
    for (let kill = 0; kill < kills; kill++) {
      const child = new SourceChild(options);
      // Not always: the snapshot may be cut too, and so may the start.
      if (kill % 4 !== 1)
        await until(
          () => child.printed,
          (text) => text.includes('streaming'),
          60_000,
        );
      const first = Math.floor(random() * part);
      await counter.commit(first);
      await sleep(random() * 20);
      await Promise.all([child.end('SIGKILL'), counter.commit(part - first)]);
    }
    await counter.commit(transactions - part * kills);
    const wanted = counter.counts;
    const child = new SourceChild(options);
    const seen = await reader.until(wanted).finally(() => child.end('SIGTERM'));
    const changes = [...wanted.values()].reduce((sum, n) => sum + n, 0);
    const records = [...seen.values()].reduce((sum, counts) => sum + counts.length, 0);
    for (const [id, counts] of seen) checkOrder(id, counts, wanted.get(id)!);
    return { kills, transactions, changes, records, repeated: records - changes - KEYS };
  } finally {
    await reader.close();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }
}

/** Counts up one to three rows a transaction. */
class Counter {
  /** Where each row stands. */
  readonly counts = new Map(Array.from({ length: KEYS }, (_, index) => [index + 1, 0]));
  readonly #url: string;
  readonly #random: () => number;

  constructor(url: string, random: () => number) {
    this.#url = url;
    this.#random = random;
  }

  async commit(transactions: number): Promise<void> {
    await withClient(this.#url, async (client) => {
      for (let done = 0; done < transactions; done++) {
        const ids = new Set(Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => 1 + Math.floor(this.#random() * KEYS)));
        await client.query('begin');
        for (const id of ids) await client.query('update counter set n = n + 1 where id = $1', [id]);
        await client.query('commit');
        for (const id of ids) this.counts.set(id, this.counts.get(id)! + 1);
      }
    });
  }
}

/** Reads the topic from its beginning. */
class TopicReader {
  /** Numbers of each row, in the order of the topic. */
  readonly #seen = new Map<number, number[]>();
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async start(kafka: Kafka, topic: string): Promise<TopicReader> {
    const reader = new TopicReader(kafka.consumer({ groupId: `${topic}.read` }));
    await reader.#consumer.connect();
    await reader.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await reader.#consumer.run({ eachMessage: async ({ message }) => reader.#take(message.value!.toString('utf8')) });
    return reader;
  }

  /** Resolves when every row was seen where it ends. */
  async until(wanted: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, number[]>> {
    const missing = () => [...wanted].filter(([id, n]) => !this.#seen.get(id)?.includes(n)).map(([id]) => id);
    await until(missing, (ids) => ids.length === 0, 60_000);
    return this.#seen;
  }

  close(): Promise<void> {
    return this.#consumer.disconnect();
  }

  #take(value: string): void {
    const { after } = JSON.parse(value) as { after: { id: number; n: number } };
    this.#seen.set(after.id, [...(this.#seen.get(after.id) ?? []), after.n]);
  }
}

/** A row's numbers rise by one, but where a transaction is repeated: then they go back, and on from there. None may be left out. */
function checkOrder(id: number, counts: readonly number[], last: number): void {
  for (const [index, n] of counts.entries()) {
    const before = index === 0 ? n - 1 : counts[index - 1]!;
    if (n > before + 1) throw new Error(`row ${id}: ${n} came after ${before}: ${counts.join(' ')}`);
  }
  // A row that was changed before the first snapshot starts with what it was then.
  for (let n = counts[0]!; n <= last; n++) if (!counts.includes(n)) throw new Error(`row ${id}: ${n} is missing`);
  if (counts.at(-1) !== last) throw new Error(`row ${id}: ends with ${counts.at(-1)} instead of ${last}`);
}
