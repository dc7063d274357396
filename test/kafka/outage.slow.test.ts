import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { type KafkaClient, type KafkaProducer, kafkajs } from '../../src/kafka/index.ts';
import { unique } from '../helpers/broker.ts';
import { Recorder, until } from './support/recorder.ts';

/** These tests stop their broker, so each has one of its own. */
const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function own(port: number, nodes = 1): Promise<Broker> {
  const broker = await startBroker({ port, nodes });
  closing.push(() => broker.close());
  return broker;
}

function clientOf(address: string): KafkaClient {
  const client = kafkajs({ clientId: 'outage', brokers: address.split(',') });
  closing.push(() => client.close());
  return client;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function fill(producer: KafkaProducer, topic: string, count: number, partitions = 1): Promise<number[]> {
  return producer.send(
    Array.from({ length: count }, (_, i) => ({ topic, partition: i % partitions, key: null, value: Buffer.from(`v${i}`) })),
  );
}

async function createTopic(client: KafkaClient, topic: string, partitions: number): Promise<void> {
  const admin = await client.admin();
  await admin.createTopics([{ name: topic, partitions }]);
}

describe('a broker that goes away', () => {
  it('is waited for: the epoch is lost, the failure told, and all works again when it is back', async () => {
    const port = await freePort();
    const first = await own(port);
    const client = clientOf(first.address);
    const topic = unique('outage');
    await createTopic(client, topic, 1);
    const producer = await client.producer();
    await fill(producer, topic, 3);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: topic, topics: [topic], heartbeatIntervalMs: 300, sessionTimeoutMs: 6_000 });
    await until('the records', () => sink.received.length === 3);

    await first.close();
    const sent = Date.now();
    await expect(fill(producer, topic, 1)).rejects.toMatchObject({ reason: 'retry', retryable: true });
    expect(Date.now() - sent).toBeLessThan(15_000);
    await until('the loss', () => sink.events.includes('lost 1'));
    expect(sink.errors.length).toBeGreaterThan(0);
    expect(sink.errors.every(({ isFatal }) => !isFatal)).toBe(true);
    await expect(sink.subscription.commit(1, [{ topic, partition: 0, offset: 3, metadata: null }])).rejects.toMatchObject({
      reason: 'stale',
    });

    // It kept its log in memory: the topic is made anew, and the offsets of the group are gone with it.
    await own(port);
    const again = clientOf(first.address);
    await again.connect(5_000);
    await createTopic(again, topic, 1);
    expect(await fill(producer, topic, 2)).toEqual([0, 1]);
    sink.received.length = 0;
    await until('the records of the new log', () => sink.received.length === 2, 40_000);
    await sink.subscription.close();
  }, 90_000);

  it('does not hold up a close', async () => {
    const broker = await own(await freePort());
    const client = clientOf(broker.address);
    const topic = unique('outage-close');
    await createTopic(client, topic, 1);
    await client.producer();
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: topic, topics: [topic] });
    await until('the assignment', () => sink.partitions.length === 1);
    await broker.close();
    const started = Date.now();
    await client.close();
    expect(Date.now() - started).toBeLessThan(15_000);
  }, 40_000);
});

describe('several brokers', () => {
  it('are read and written together, and a grown topic is joined once for all', async () => {
    const broker = await own(0, 3);
    const client = clientOf(broker.address);
    const topic = unique('several');
    await createTopic(client, topic, 6);
    const producer = await client.producer();
    expect(await fill(producer, topic, 12, 6)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    const [a, b] = [new Recorder('a'), new Recorder('b')];
    for (const sink of [a, b]) {
      sink.onRevoking = async (partitions, epoch) => {
        const offsets = partitions.flatMap(({ partition }) => {
          const offset = sink.next.get(partition);
          return offset === undefined ? [] : [{ topic, partition, offset, metadata: null }];
        });
        await sink.subscription.commit(epoch, offsets);
      };
    }
    const options = { groupId: topic, topics: [topic], heartbeatIntervalMs: 300, sessionTimeoutMs: 6_000, maxWaitMs: 100 };
    await a.subscribe(client, options);
    await until('a reads all', () => a.received.length === 12);
    await b.subscribe(client, options);
    await until('both have three', () => a.partitions.length === 3 && b.partitions.length === 3);
    const admin = await client.admin();
    await admin.addPartitions(topic, 9);
    await b.subscription.close();
    await until('a has nine', () => a.partitions.length === 9);
    await fill(producer, topic, 90, 9);
    await until('a reads all that is new', () => a.received.length + b.received.length >= 102);
    const all = [...a.received, ...b.received].map(({ partition, offset }) => `${partition}@${offset}`);
    expect(new Set(all).size).toBe(102);
    expect(a.events.filter((event) => event.startsWith('lost') || event.includes('during'))).toEqual([]);
    await a.subscription.close();
  }, 60_000);
});
