import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { quantile } from '../figures.ts';
import { type Contestant, cpuMsOf } from './contestant.ts';

/** Of sends one after the other. Times are milliseconds. */
export interface Produced {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the broker for a record. */
  readonly cpuUs: number;
}

export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
}

export interface Consumed {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const VALUE = Buffer.alloc(200, 'v');
const WARM_UP = 20;
const IN_FLIGHT = 8;

const messagesOf = (count: number) => Array.from({ length: count }, () => ({ value: VALUE, partition: 0 }));

export async function produce({ kafka, pid }: Contestant, batch: number, forMs: number): Promise<Produced> {
  const topic = await makeTopic(kafka);
  const producer = kafka.producer();
  await producer.connect();
  const messages = messagesOf(batch);
  for (let i = 0; i < WARM_UP; i++) await producer.send({ topic, messages });
  const times: number[] = [];
  const cpuMs = cpuMsOf(pid);
  const began = performance.now();
  for (let now = began; now - began < forMs; ) {
    await producer.send({ topic, messages });
    times.push(performance.now() - now);
    now = performance.now();
  }
  const records = times.length * batch;
  const perSecond = records / ((performance.now() - began) / 1000);
  const cpuUs = ((cpuMsOf(pid) - cpuMs) * 1000) / records;
  await producer.disconnect();
  return { perSecond, cpuUs, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** From the send of a batch to its last record in the hands of a consumer. */
export async function roundTrip({ kafka }: Contestant, batch: number, forMs: number): Promise<RoundTrip> {
  const topic = await makeTopic(kafka);
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 })];
  await Promise.all([producer.connect(), consumer.connect()]);
  let seen = 0;
  let wake = (): void => {};
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch: { messages } }) => {
      seen += messages.length;
      wake();
    },
  });
  const messages = messagesOf(batch);
  const times: number[] = [];
  for (let began = 0, sent = 0; began === 0 || performance.now() - began < forMs; ) {
    const now = performance.now();
    sent += batch;
    const arrived = new Promise<void>((resolve) => {
      wake = () => seen >= sent && resolve();
    });
    await producer.send({ topic, messages });
    wake();
    await arrived;
    // The first ones wait for the consumer to join its group.
    if (sent > WARM_UP * batch) times.push(performance.now() - now);
    if (sent === WARM_UP * batch) began = performance.now();
  }
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** @returns the name of a topic with that many records, in batches of that size */
export async function fill({ kafka }: Contestant, batch: number, records: number): Promise<string> {
  const topic = await makeTopic(kafka);
  const producer = kafka.producer();
  await producer.connect();
  const messages = messagesOf(batch);
  const send = async (): Promise<void> => {
    for (let sent = 0; sent < records / IN_FLIGHT; sent += batch) await producer.send({ topic, messages });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, send));
  await producer.disconnect();
  return topic;
}

/** Reads that many records with a group of its own; the clock starts at the first batch. */
export async function consume({ kafka, pid }: Contestant, topic: string, records: number): Promise<Consumed> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let [began, cpuMs] = [0, 0];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachBatch: async ({ batch }) => {
        if (began === 0) [began, cpuMs] = [performance.now(), cpuMsOf(pid)];
        seen += batch.messages.length;
        if (seen >= records) resolve();
      },
    });
  });
  const perSecond = records / ((performance.now() - began) / 1000);
  const cpuUs = ((cpuMsOf(pid) - cpuMs) * 1000) / records;
  await consumer.disconnect();
  return { perSecond, cpuUs };
}

async function makeTopic(kafka: Kafka): Promise<string> {
  const topic = `bench-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  return topic;
}
