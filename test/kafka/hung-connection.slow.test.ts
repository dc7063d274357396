import { describe, expect, it, type TestContext } from 'vitest';
import { type KafkaClient, kafkajs, type SubscribeOptions } from '../../src/kafka/index.ts';
import { Proxy } from '../faults/net/proxy.ts';
import { brokerPorts } from '../faults/system/client.ts';
import { brokers, client, createTopic } from '../helpers/broker.ts';
import { Recorder, until } from './support/recorder.ts';

/** Requests, by https://kafka.apache.org/protocol#protocol_api_keys */
const OFFSET_FETCH = 9;
const JOIN_GROUP = 11;

interface Stage {
  readonly topic: string;
  readonly proxy: Proxy;
  readonly behind: KafkaClient;
  readonly sink: Recorder;
}

/** A topic with a record, and a client that has nothing but a proxy between itself and the brokers. */
async function stage(name: string, finished: TestContext['onTestFinished']): Promise<Stage> {
  const topic = await createTopic(name);
  await fill(topic, 1);
  const proxy = await Proxy.start(await brokerPorts(brokers().join(',')));
  const behind = kafkajs({ clientId: name, brokers: proxy.address.split(',') });
  finished(async () => {
    await behind.close();
    await proxy.close();
  });
  return { topic, proxy, behind, sink: new Recorder(name) };
}

async function fill(topic: string, count: number): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: count }, () => ({ value: 'v', partition: 0 })) });
  await producer.disconnect();
}

const quick = (topic: string): SubscribeOptions => ({
  groupId: topic,
  topics: [topic],
  heartbeatIntervalMs: 300,
  sessionTimeoutMs: 6_000,
  maxWaitMs: 100,
  drainTimeoutMs: 500,
});

describe.concurrent('a connection that breaks', () => {
  it('is made anew at once: the group does not wait for the session of the member that was cut off', async ({ onTestFinished }) => {
    const { topic, proxy, behind, sink } = await stage('cut', onTestFinished);
    // With a session that nobody would wait for: it is the old member's leave that lets the new one have its partitions.
    await sink.subscribe(behind, { ...quick(topic), sessionTimeoutMs: 60_000 });
    await until('the record', () => sink.received.length === 1);
    proxy.cut();
    await until('the loss', () => sink.events.includes('lost 1'));
    proxy.mend();
    await fill(topic, 1);
    await until('the record again, and the new one', () => sink.received.length >= 3, 30_000);
    expect(sink.events).toContain('assigned 2');
    await sink.subscription.close();
  }, 60_000);

  it('unseen, while the positions of an assignment are read, is given up', async ({ onTestFinished }) => {
    const { topic, proxy, behind, sink } = await stage('deaf', onTestFinished);
    proxy.deafenAt(OFFSET_FETCH);
    sink.takeOverTimeoutMs = 1_000;
    await sink.subscribe(behind, quick(topic));
    await until('the limit', () => sink.errors.some(({ message }) => message.includes('no answer within 1000 ms')));
    await until('the record', () => sink.received.length === 1);
    expect(sink.errors.every(({ isFatal }) => !isFatal)).toBe(true);
    await sink.subscription.close();
  }, 60_000);

  it('unseen, while the owner reads positions, is given up', async ({ onTestFinished }) => {
    const { topic, behind, sink } = await stage('owner', onTestFinished);
    const blocked = new Set([1]);
    sink.onAssigned = (_partitions, epoch) => (blocked.has(epoch) ? new Promise(() => {}) : Promise.resolve());
    sink.takeOverTimeoutMs = 1_000;
    await sink.subscribe(behind, quick(topic));
    await until('the limit', () => sink.errors.some(({ message }) => message.includes('not done within 1000 ms')));
    await until('the record', () => sink.received.length === 1);
    expect(sink.received[0]?.epoch).toBeGreaterThan(1);
    await sink.subscription.close();
  }, 60_000);

  it('unseen, during a join, is given up before the client gives up by itself', async ({ onTestFinished }) => {
    const { topic, proxy, behind, sink } = await stage('silent', onTestFinished);
    proxy.deafenAt(JOIN_GROUP);
    await sink.subscribe(behind, { ...quick(topic), stallTimeoutMs: 200 });
    await until('the guard', () => sink.errors.some(({ message }) => message.includes('no sign of life')));
    await until('the record', () => sink.received.length === 1);
    await sink.subscription.close();
  }, 60_000);
});
