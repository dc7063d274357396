import { configure, type LogRecord, reset } from '@logtape/logtape';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { client as createOther, createTopic, unique } from '../helpers/broker.ts';
import { createClient, Recorder, until } from './support/recorder.ts';

const logged: LogRecord[] = [];
const warnings: string[] = [];
const onWarning = (warning: Error): void => {
  warnings.push(String(warning));
};

beforeEach(async () => {
  process.on('warning', onWarning);
  await configure({
    reset: true,
    sinks: { list: (entry) => logged.push(entry) },
    loggers: [
      { category: ['streamer'], sinks: ['list'], lowestLevel: 'debug' },
      { category: ['logtape', 'meta'], lowestLevel: 'warning' },
    ],
  });
});
afterEach(async () => {
  process.off('warning', onWarning);
  await reset();
});

describe('the log', () => {
  it('holds no warning for a normal start, rebalance and stop', async () => {
    const topic = await createTopic('quiet', { partitions: 2 });
    const client = createClient();
    await client.connect();
    const producer = await client.producer();
    await producer.send([{ topic, partition: 0, key: null, value: Buffer.from('1') }]);
    const options = { groupId: unique('quiet'), topics: [topic], heartbeatIntervalMs: 200, sessionTimeoutMs: 6_000 };
    const [a, b] = [new Recorder('a'), new Recorder('b')];
    await a.subscribe(client, options);
    await until('a reads', () => a.received.length === 1);
    await b.subscribe(client, options);
    await until('they share', () => a.partitions.length === 1 && b.partitions.length === 1);
    await b.subscription.close();
    await until('a has all again', () => a.partitions.length === 2);
    await client.close();
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.filter(({ level }) => ['warning', 'error', 'fatal'].includes(level)).map(({ message }) => message.join(''))).toEqual([]);
    expect(a.errors.concat(b.errors)).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('what no retry mends', () => {
  it('ends the subscription: a group that other software uses', async () => {
    const [topic, groupId] = [await createTopic('fatal'), unique('fatal')];
    const other = createOther().consumer({ groupId, maxWaitTimeInMs: 100 });
    await other.connect();
    await other.subscribe({ topic });
    const joined = new Promise((resolve) => other.on(other.events.GROUP_JOIN, resolve));
    await other.run({ eachBatch: async () => {} });
    await joined;
    const client = createClient();
    const sink = new Recorder();
    await sink.subscribe(client, { groupId, topics: [topic] });
    await until('the failure', () => sink.errors.length > 0);
    expect(sink.errors).toEqual([{ message: expect.any(String), code: 'INCONSISTENT_GROUP_PROTOCOL', isFatal: true }]);
    await client.close();
    await other.disconnect();
    expect(sink.events).toEqual([]);
  });

  it('is waited for by a member with tables: others of the group that keep none', async () => {
    const [topic, groupId] = [await createTopic('mixed'), unique('mixed')];
    const client = createClient();
    const [plain, stateful] = [new Recorder('plain'), new Recorder('stateful')];
    await plain.subscribe(client, { groupId, topics: [topic] });
    await until('the first has joined', () => plain.partitions.length === 1);
    const state = { transactionalId: unique('tx'), tables: [{ name: 'counts', topics: [topic] }] };
    await stateful.subscribe(client, { groupId, topics: [topic], stateful: state });
    await until('it says so', () => stateful.errors.length > 0);
    expect(stateful.errors[0]).toMatchObject({ message: expect.stringContaining('keep no tables'), isFatal: false });
    expect(plain.partitions.length).toBe(1);
    await plain.subscription.close();
    await until('it joins when they have left', () => stateful.partitions.length === 1);
    expect(stateful.subscription.transactionalIds(stateful.epoch)).toEqual([state.transactionalId]);
    await client.close();
  });
});
