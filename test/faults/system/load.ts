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
}

/**
 * Sends events with known ids: each key's numbered, some flaky, some poison, some that do not decode, some without key.
 * Batch after batch, each until it is acknowledged: what is sent twice for that reason lies in the input twice.
 */
export async function produceLoad(brokers: string, topic: string, plan: LoadPlan, partitions: () => number): Promise<void> {
  const producer = kafkaOf(brokers).producer({ allowAutoTopicCreation: false });
  await persist(() => producer.connect());
  try {
    const batches = Math.ceil(plan.forMs / BATCH_MS);
    const perBatch = Math.ceil(plan.events / batches);
    const source = messages(plan.seed, partitions);
    const startedAt = Date.now();
    for (let batch = 0; batch < batches; batch++) {
      const list = Array.from({ length: perBatch }, () => source.next().value);
      await persist(() => send(producer, topic, list));
      await sleep(Math.max(0, startedAt + (batch + 1) * BATCH_MS - Date.now()));
    }
  } finally {
    await producer.disconnect();
  }
}

async function send(producer: Producer, topic: string, messages: readonly Message[]): Promise<void> {
  await producer.send({ topic, acks: -1, messages: [...messages] });
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
    yield { partition, key, value };
  }
}
