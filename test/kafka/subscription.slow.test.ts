import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaAdmin, KafkaClient, KafkaProducer } from '../../src/kafka/client.ts';
import { createTopic, unique } from '../helpers/broker.ts';
import { createClient, Recorder, until } from './support/recorder.ts';

const text = (value: string): Buffer => Buffer.from(value);

let client: KafkaClient;
let producer: KafkaProducer;
let admin: KafkaAdmin;

beforeAll(async () => {
  client = createClient();
  [producer, admin] = await Promise.all([client.producer(), client.admin()]);
});
afterAll(() => client.close());

async function fill(topic: string, count: number, partitions = 1): Promise<void> {
  await producer.send(
    Array.from({ length: count }, (_, i) => ({ topic, partition: i % partitions, key: text(String(i)), value: text(`v${i}`) })),
  );
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a subscription', () => {
  it('delivers what was sent, in order, with headers, tombstones and times', async () => {
    const topic = await createTopic('sub-parts');
    await producer.send([
      {
        topic,
        partition: 0,
        key: text('a'),
        value: text('1'),
        headers: { h: text('x'), r: [text('y'), text('z')] },
        timestamp: 1_700_000_000_001,
      },
      { topic, partition: 0, key: null, value: null, timestamp: 1_700_000_000_000 },
    ]);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('two records', () => sink.received.length === 2);
    expect(sink.received.map(({ record }) => record)).toEqual([
      { offset: 0, timestamp: 1_700_000_000_001, key: text('a'), value: text('1'), headers: { h: text('x'), r: [text('y'), text('z')] } },
      { offset: 1, timestamp: 1_700_000_000_000, key: null, value: null, headers: {} },
    ]);
    expect(sink.next.get(0)).toBe(2);
    await sink.subscription.close();
    await sink.subscription.close();
    expect(sink.events).toEqual(['assigned 1', 'revoking 1', 'revoked 1']);
    expect(sink.errors).toEqual([]);
  });

  it('delivers nothing before the owner is ready', async () => {
    const topic = await createTopic('sub-ready');
    await fill(topic, 10);
    const sink = new Recorder();
    let isReady = false;
    let early = 0;
    sink.onAssigned = async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      early = sink.received.length;
      isReady = true;
    };
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('records', () => sink.received.length === 10);
    expect([isReady, early]).toEqual([true, 0]);
    await sink.subscription.close();
  });

  it('commits offsets with metadata, reads them back, and goes on there', async () => {
    const [topic, groupId] = [await createTopic('sub-commit', { partitions: 2 }), unique('sub')];
    await fill(topic, 20, 2);
    const first = new Recorder();
    await first.subscribe(client, { groupId, topics: [topic] });
    await until('all records', () => first.received.length === 20);
    const both = [0, 1].map((partition) => ({ topic, partition }));
    expect(await first.subscription.committed(both)).toEqual(both.map((tp) => ({ ...tp, offset: -1, metadata: null })));
    const commit = [{ topic, partition: 0, offset: 4, metadata: 'finished: 6,8' }];
    await first.subscription.commit(first.epoch, commit);
    expect(await first.subscription.committed(both)).toEqual([...commit, { topic, partition: 1, offset: -1, metadata: null }]);
    await first.subscription.close();
    expect(await admin.groupOffsets(groupId, [topic])).toEqual(expect.arrayContaining(commit));

    const second = new Recorder();
    await second.subscribe(client, { groupId, topics: [topic] });
    await until('the rest', () => second.received.length === 16);
    expect([second.offsets(0), second.offsets(1)]).toEqual([range(4, 10), range(0, 10)]);
    await second.subscription.close();
  });

  it('accepts commits while it drains on close, and refuses those of an epoch that is over', async () => {
    const [topic, groupId] = [await createTopic('sub-stale'), unique('sub')];
    await fill(topic, 3);
    const sink = new Recorder();
    const commit = () => sink.subscription.commit(sink.epoch, [{ topic, partition: 0, offset: 3, metadata: null }]);
    sink.onRevoking = commit;
    await sink.subscribe(client, { groupId, topics: [topic] });
    await until('records', () => sink.received.length === 3);
    await expect(sink.subscription.commit(sink.epoch + 1, [])).resolves.toBeUndefined();
    const ahead = sink.subscription.commit(sink.epoch + 1, [{ topic, partition: 0, offset: 3, metadata: null }]);
    await expect(ahead).rejects.toMatchObject({ reason: 'stale' });
    const foreign = sink.subscription.commit(sink.epoch, [{ topic, partition: 9, offset: 3, metadata: null }]);
    await expect(foreign).rejects.toMatchObject({ reason: 'stale' });
    await sink.subscription.close();
    expect((await admin.groupOffsets(groupId, [topic]))[0]?.offset).toBe(3);
    await expect(commit()).rejects.toMatchObject({ reason: 'stale' });
  });

  it('seeks, also before the first batch', async () => {
    const topic = await createTopic('sub-seek');
    await fill(topic, 10);
    const sink = new Recorder();
    sink.onAssigned = async ([tp]) => {
      if (tp === undefined) return undefined;
      sink.subscription.seek(sink.epoch, tp, 7);
      return 'sought';
    };
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('the end', () => sink.next.get(0) === 10);
    expect(sink.offsets(0)).toEqual([7, 8, 9]);
    sink.received.length = 0;
    sink.next.clear();
    sink.subscription.seek(sink.epoch, { topic, partition: 0 }, 0);
    await until('the end again', () => sink.next.get(0) === 10);
    expect(sink.offsets(0)).toEqual(range(0, 10));
    await sink.subscription.close();
  });

  it('delivers nothing of a partition before its position is set, and takes none that is meant for another epoch', async () => {
    const topic = await createTopic('sub-held', { partitions: 2 });
    await fill(topic, 20, 2);
    const sink = new Recorder();
    sink.onAssigned = async () => {
      sink.subscription.seek(sink.epoch, { topic, partition: 0 }, 0);
      sink.subscription.seek(sink.epoch - 1, { topic, partition: 1 }, 0);
      sink.subscription.seek(sink.epoch + 1, { topic, partition: 1 }, 0);
      return 'sought';
    };
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('the first partition', () => sink.next.get(0) === 10);
    await fill(topic, 20, 2);
    await until('the first partition again', () => sink.next.get(0) === 20);
    expect([sink.offsets(1), sink.next.get(1)]).toEqual([[], undefined]);
    sink.subscription.seek(sink.epoch, { topic, partition: 1 }, 5);
    await until('the other partition', () => sink.next.get(1) === 20);
    expect(sink.offsets(1)).toEqual(range(5, 20));
    await sink.subscription.close();
  });

  it('pauses and resumes one partition apart from the other', async () => {
    const topic = await createTopic('sub-pause', { partitions: 2 });
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('the assignment', () => sink.partitions.length === 2);
    sink.subscription.pause([{ topic, partition: 0 }]);
    await fill(topic, 20, 2);
    await until('the other partition', () => sink.next.get(1) === 10);
    await fill(topic, 20, 2);
    await until('the other partition again', () => sink.next.get(1) === 20);
    expect(sink.offsets(0)).toEqual([]);
    sink.subscription.resume([{ topic, partition: 0 }]);
    await until('the paused one', () => sink.next.get(0) === 20);
    expect(sink.offsets(0)).toEqual(range(0, 20));
    await sink.subscription.close();
  });

  it('resumes at once when all was paused', async () => {
    const topic = await createTopic('sub-wake');
    await fill(topic, 1);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic], maxWaitMs: 2_000 });
    await until('the first', () => sink.received.length === 1);
    sink.subscription.pause([{ topic, partition: 0 }]);
    await fill(topic, 1);
    // The fetch that was on its way has come back by then, and the next one waits to be woken.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const resumed = Date.now();
    sink.subscription.resume([{ topic, partition: 0 }]);
    await until('the second', () => sink.received.length === 2);
    expect(Date.now() - resumed).toBeLessThan(500);
    await sink.subscription.close();
  });

  it('starts at the end where it is told to', async () => {
    const topic = await createTopic('sub-latest');
    await fill(topic, 5);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic], start: 'latest' });
    await until('the position', () => sink.isReading);
    await fill(topic, 1);
    await until('the new one', () => sink.received.length > 0);
    expect(sink.offsets(0)).toEqual([5]);
    await sink.subscription.close();
  });

  it('says so when the committed offset is gone, and goes on at the start', async () => {
    const [topic, groupId] = [await createTopic('sub-range'), unique('sub')];
    await fill(topic, 4);
    await admin.setGroupOffsets(groupId, [{ topic, partition: 0, offset: 99 }]);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId, topics: [topic] });
    await until('all', () => sink.received.length === 4);
    expect(sink.errors).toEqual([{ message: expect.stringContaining('99'), code: 'OFFSET_OUT_OF_RANGE', isFatal: false }]);
    expect((await admin.groupOffsets(groupId, [topic]))[0]?.offset).toBe(99);
    await sink.subscription.close();
  });

  it('says so when a seek leads out of the log, and goes on', async () => {
    const topic = await createTopic('sub-far');
    await fill(topic, 4);
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('all', () => sink.received.length === 4);
    sink.received.length = 0;
    sink.subscription.seek(sink.epoch, { topic, partition: 0 }, 1_000);
    await until('all again', () => sink.received.length === 4);
    expect(sink.errors).toEqual([{ message: expect.stringContaining('1000'), code: 'OFFSET_OUT_OF_RANGE', isFatal: false }]);
    await sink.subscription.close();
  });

  it('waits for a topic that does not exist yet, and says so', async () => {
    const topic = unique('sub-later');
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('the complaint', () => sink.errors.length > 0);
    expect(sink.errors[0]).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', isFatal: false });
    await admin.createTopics([{ name: topic, partitions: 1 }]);
    await fill(topic, 1);
    await until('the record', () => sink.received.length === 1);
    await sink.subscription.close();
  });

  it.each(['batch', 'assigned'] as const)('begins again when the owner throws in %s', async (method) => {
    const topic = await createTopic('sub-throws');
    await fill(topic, 5);
    const sink = new Recorder();
    const original = sink[method].bind(sink) as (...args: unknown[]) => unknown;
    let calls = 0;
    Object.assign(sink, {
      [method]: (...args: unknown[]) => {
        const result = original(...args);
        if (++calls > 1) return result;
        throw new TypeError('no room');
      },
    });
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic] });
    await until('all of the second epoch', () => sink.received.filter(({ epoch }) => epoch === 2).length === 5);
    expect(sink.errors).toEqual([{ message: expect.stringContaining('no room'), code: undefined, isFatal: false }]);
    expect(sink.events).toEqual(['assigned 1', 'lost 1', 'assigned 2']);
    await sink.subscription.close();
  });

  it('is not dropped by its group while the owner takes long to get ready', async () => {
    const topic = await createTopic('sub-long');
    await fill(topic, 2);
    const sink = new Recorder();
    sink.onAssigned = () => new Promise((resolve) => setTimeout(resolve, 7_500));
    const limits = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 1_000 };
    await sink.subscribe(client, { groupId: unique('sub'), topics: [topic], ...limits });
    await until('both', () => sink.received.length === 2);
    expect([sink.events, sink.errors]).toEqual([['assigned 1'], []]);
    await sink.subscription.close();
  });

  it('closes at once while it has nothing', async () => {
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('sub'), topics: [unique('sub-never')] });
    const started = Date.now();
    await sink.subscription.close();
    expect(Date.now() - started).toBeLessThan(3_000);
    expect(sink.events).toEqual([]);
  });

  it('refuses settings that cannot work before anything is opened', async () => {
    const options = { groupId: '', topics: [], sessionTimeoutMs: 3_000, heartbeatIntervalMs: 3_000 };
    await expect(client.subscribe(options, () => new Recorder())).rejects.toMatchObject({ code: 'CONFIG', problems: { length: 3 } });
  });
});
