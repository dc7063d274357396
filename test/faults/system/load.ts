import type { Producer } from 'kafkajs';
import type { Item } from '../app/item.ts';
import { sleep } from '../clock.ts';
import { Random } from '../random.ts';
import { kafkaOf, persist } from './client.ts';

const BATCH_MS = 50;
const KEYS = 30;

export interface LoadPlan {
  readonly seed: number;
  readonly events: number;
  readonly forMs: number;
}

interface Message {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: { readonly id: string };
}

/**
 * Sends events with known ids: each key's numbered, some flaky, some poison, some that do not decode, some without key.
 * Batch after batch, each until it is acknowledged: what is sent twice for that reason lies in the input twice.
 *
 * @returns the ids that were acknowledged
 */
export async function produceLoad(brokers: string, topic: string, plan: LoadPlan, partitions: () => number): Promise<string[]> {
  const acknowledged: string[] = [];
  const source = messages(plan.seed, partitions);
  const batches = Math.ceil(plan.forMs / BATCH_MS);
  const perBatch = Math.ceil(plan.events / batches);
  const startedAt = Date.now();
  const sender = new Sender(brokers, topic);
  for (let batch = 0; batch < batches; batch++) {
    const list = Array.from({ length: perBatch }, () => source.next().value);
    // A request for each partition: where a leader moves, kafkajs forgets what it would have to send to a broker that has answered.
    const parts = Array.from({ length: partitions() }, (_, partition) => list.filter((message) => message.partition === partition));
    const filled = parts.filter((messages) => messages.length > 0);
    for (const messages of filled) await persist(() => sender.send(messages));
    acknowledged.push(...list.map(({ headers }) => headers.id));
    await sleep(Math.max(0, startedAt + (batch + 1) * BATCH_MS - Date.now()));
  }
  await sender.close();
  return acknowledged;
}

/** kafkajs drops, without a word, what goes to a partition that it does not know of (yet): its answer lacks the partition then. */
class Sender {
  readonly #brokers: string;
  readonly #topic: string;
  #producer: Producer | undefined;

  constructor(brokers: string, topic: string) {
    this.#brokers = brokers;
    this.#topic = topic;
  }

  /** @param messages of one partition */
  async send(messages: Message[]): Promise<void> {
    if (this.#producer === undefined) {
      const producer = kafkaOf(this.#brokers).producer({ allowAutoTopicCreation: false });
      await producer.connect();
      this.#producer = producer;
    }
    const answers = await this.#producer.send({ topic: this.#topic, acks: -1, messages });
    if (answers.some(({ partition }) => partition === messages[0]?.partition)) return;
    await this.close();
    throw new Error(`partition ${messages[0]?.partition} of ${this.#topic} is not known to the producer yet`);
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect();
    this.#producer = undefined;
  }
}

function* messages(seed: number, partitions: () => number): Generator<Message, Message> {
  const random = new Random(seed ^ 0x5eed);
  const numbers = new Map<string, number>();
  for (let n = 0; ; n++) {
    const key = random.chance(0.03) ? null : `k${random.int(1, KEYS)}`;
    const seq = (numbers.get(String(key)) ?? 0) + 1;
    numbers.set(String(key), seq);
    const draw = random.next();
    const kind = draw < 0.03 ? 'flaky' : draw < 0.037 ? 'poison' : 'plain';
    const item: Item = { id: `e${n}`, seq, kind };
    const text = JSON.stringify(item);
    const value = draw > 0.995 ? text.slice(0, -1) : text;
    // The same key goes to the same partition, as long as there are no more partitions.
    const partition = Random.of(key ?? item.id).int(0, partitions() - 1);
    yield { partition, key, value, headers: { id: item.id } };
  }
}
