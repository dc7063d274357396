import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaError } from '../../src/errors.ts';
import type { KafkaAdmin, KafkaClient } from '../../src/kafka/client.ts';
import { type Broker, type Cluster, createCluster } from '../../src/kafka/kafkajs/cluster.ts';
import { coordinatorOf } from '../../src/kafka/kafkajs/coordinators.ts';
import { headersOf } from '../../src/kafka/kafkajs/partition-queue.ts';
import { produceTo } from '../../src/kafka/kafkajs/produce-call.ts';
import { request } from '../../src/kafka/kafkajs/request.ts';
import * as calls from '../../src/kafka/kafkajs/transaction-calls.ts';
import { readHeaders } from '../../src/kafka/read-headers.ts';
import { fetch } from '../../src/wire/apis/data.ts';
import { encodeBatch } from '../../src/wire/batch-encoder.ts';
import { readFetched } from '../../src/wire/fetched-batches.ts';
import { RecordReader } from '../../src/wire/record-reader.ts';
import { brokers, createTopic, unique } from '../helpers/broker.ts';
import { createClient } from './support/recorder.ts';

const NO_MEMBER = { generationId: -1, memberId: '' };
const PASSING = ['CONCURRENT_TRANSACTIONS', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR'];

let client: KafkaClient;
let admin: KafkaAdmin;
let cluster: Cluster;

beforeAll(async () => {
  client = createClient('transaction-calls');
  admin = await client.admin();
  cluster = createCluster({ clientId: 'transaction-calls', brokers: brokers() });
  await cluster.connect();
});
afterAll(async () => {
  await cluster.disconnect();
  await client.close();
});

/** Calls again while the broker says that its time has not come yet. */
async function soon<T>(call: () => Promise<T>, codes: readonly string[] = PASSING, ms = 20_000): Promise<T> {
  for (const deadline = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      return await call();
    } catch (error) {
      if (!codes.includes(String((error as KafkaError).kafkaCode)) || Date.now() > deadline) throw error;
    }
  }
}

async function open(id = unique('tx')) {
  const coordinator = await soon(() => coordinatorOf(cluster, 'transaction', id));
  const owner = await soon(() => calls.initTransactions(coordinator, id, 30_000));
  return { id, coordinator, owner };
}

const groupCoordinator = (group: string): Promise<Broker> => soon(() => coordinatorOf(cluster, 'group', group));

async function leaderOf(topic: string, partition = 0): Promise<Broker> {
  await cluster.addMultipleTargetTopics([topic]);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  return cluster.findBroker({ nodeId: String(nodeId) });
}

async function write(topic: string, { transactionalId, ...owner }: calls.TransactionOwner, values: readonly string[], firstSequence = 0) {
  const records = values.map((value) => ({ topic, partition: 0, key: null, value: Buffer.from(value) }));
  const batch = encodeBatch(records, { ...owner, firstSequence, isTransactional: true }, headersOf);
  const [answer] = await produceTo(await leaderOf(topic), [{ topic, partition: 0, batch }], { transactionalId, timeoutMs: 10_000 });
  return answer;
}

async function committedValues(topic: string): Promise<string[]> {
  const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 1_000_000 }];
  const wanted = {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    isolationLevel: 1,
    topics: [{ name: topic, partitions }],
  };
  const answer = await request(await leaderOf(topic), fetch, wanted, { newest: 12 });
  const { records, abortedTransactions } = answer.topics[0]!.partitions[0]!;
  const { visible } = readFetched(Buffer.concat(records ?? []), abortedTransactions ?? []);
  return [...new RecordReader(visible, readHeaders)].map(({ value }) => String(value));
}

/** Markers are written after the end has been answered. */
async function stableEnd(topic: string, end: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const [found] = await admin.watermarks(topic, { isolation: 'committed' });
    if (found?.latest === end) return;
    if (Date.now() > deadline) throw new Error(`${topic} is stable up to ${found?.latest}, and not ${end}`);
  }
}

describe('a transaction', () => {
  it.each(['commit', 'abort'] as const)('with records and offsets ends by %s', async (outcome) => {
    const [topic, group] = [await createTopic('tx'), unique('tx-group')];
    const tp = { topic, partition: 0 };
    const { coordinator, owner } = await open();
    const groups = await groupCoordinator(group);

    await soon(() => calls.addPartitions(coordinator, owner, [tp]));
    expect(await write(topic, owner, ['a', 'b'])).toMatchObject({ ...tp, errorCode: 0, baseOffset: 0 });
    await soon(() => calls.addOffsets(coordinator, owner, group));
    await calls.commitOffsets(groups, owner, { groupId: group, ...NO_MEMBER }, [{ ...tp, offset: 17, metadata: 'cut 3' }]);

    expect(await admin.watermarks(topic)).toEqual([{ ...tp, earliest: 0, latest: 2 }]);
    expect(await admin.watermarks(topic, { isolation: 'committed' })).toEqual([{ ...tp, earliest: 0, latest: 0 }]);
    expect(await committedValues(topic)).toEqual([]);
    await expect(calls.stableOffsets(groups, group, [tp])).rejects.toMatchObject({
      kafkaCode: 'UNSTABLE_OFFSET_COMMIT',
      retryable: true,
      place: tp,
    });

    await calls.endTransaction(coordinator, owner, outcome);
    await stableEnd(topic, 3);
    const isCommitted = outcome === 'commit';
    expect(await committedValues(topic)).toEqual(isCommitted ? ['a', 'b'] : []);
    expect(await soon(() => calls.stableOffsets(groups, group, [tp]), ['UNSTABLE_OFFSET_COMMIT'])).toEqual([
      isCommitted ? { ...tp, offset: 17, metadata: 'cut 3' } : { ...tp, offset: -1, metadata: null },
    ]);
  });

  it('goes on with the next epoch of the same producer, and with the next transaction', async () => {
    const topic = await createTopic('tx');
    const { id, coordinator, owner } = await open();
    await soon(() => calls.addPartitions(coordinator, owner, [{ topic, partition: 0 }]));
    await write(topic, owner, ['given up']);
    const next = await soon(() => calls.initTransactions(coordinator, id, 30_000, owner));
    expect(next.producerId).toBe(owner.producerId);
    expect(next.producerEpoch).toBeGreaterThan(owner.producerEpoch);
    await soon(() => calls.addPartitions(coordinator, next, [{ topic, partition: 0 }]));
    expect(await write(topic, next, ['kept'])).toMatchObject({ errorCode: 0 });
    await calls.endTransaction(coordinator, next, 'commit');
    await stableEnd(topic, 4);
    expect(await committedValues(topic)).toEqual(['kept']);
  });

  it('of a producer that was fenced by another is refused, and aborted', async () => {
    const [topic, group] = [await createTopic('tx'), unique('tx-group')];
    const { id, coordinator, owner } = await open();
    await soon(() => calls.addPartitions(coordinator, owner, [{ topic, partition: 0 }]));
    await write(topic, owner, ['of the first']);
    await soon(() => calls.addOffsets(coordinator, owner, group));
    await soon(() => calls.initTransactions(coordinator, id, 30_000));
    await expect(calls.endTransaction(coordinator, owner, 'commit')).rejects.toMatchObject({ reason: 'stale' });
    await expect(calls.addPartitions(coordinator, owner, [{ topic, partition: 0 }])).rejects.toMatchObject({ reason: 'stale' });
    await stableEnd(topic, 2);
    expect(await committedValues(topic)).toEqual([]);
  });

  it('of a generation that is over cannot commit offsets', async () => {
    const [topic, group] = [await createTopic('tx'), unique('tx-group')];
    const { coordinator, owner } = await open();
    const groups = await groupCoordinator(group);
    await soon(() => calls.addOffsets(coordinator, owner, group));
    const late = { groupId: group, generationId: 4, memberId: 'gone', groupInstanceId: null };
    const commit = calls.commitOffsets(groups, owner, late, [{ topic, partition: 0, offset: 1, metadata: null }]);
    await expect(commit).rejects.toMatchObject({ reason: 'stale', place: { topic, partition: 0 } });
    await calls.endTransaction(coordinator, owner, 'abort');
  });

  it('takes all of its partitions or none, and names the one that is missing', async () => {
    const [topic, absent] = [await createTopic('tx'), unique('absent')];
    const { coordinator, owner } = await open();
    const wanted = [
      { topic, partition: 0 },
      { topic: absent, partition: 0 },
    ];
    await expect(calls.addPartitions(coordinator, owner, wanted)).rejects.toMatchObject({
      kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION',
      place: { topic: absent, partition: 0 },
    });
  });
});

describe('topic ids', () => {
  it('are of a topic, not of its name', async () => {
    const topic = await createTopic('ids');
    const first = (await admin.topicIds([topic])).get(topic);
    expect(first).toMatch(/^[\w-]{22}$/);
    expect(first).not.toBe('A'.repeat(22));
    expect(await admin.topicIds([topic, unique('absent')])).toEqual(new Map([[topic, first]]));
    await admin.deleteTopics([topic]);
    await soon(() => admin.createTopics([{ name: topic, partitions: 1 }]), ['TOPIC_ALREADY_EXISTS', 'UNKNOWN_TOPIC_OR_PARTITION']);
    expect((await admin.topicIds([topic])).get(topic)).not.toBe(first);
  });
});

describe('a request', () => {
  it('in versions that the broker does not serve says which', async () => {
    const broker = await cluster.brokerPool.findConnectedBroker();
    const asked = request(
      broker,
      { ...fetch, versions: [90, 99] },
      { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolationLevel: 0, topics: [] },
    );
    await expect(asked).rejects.toMatchObject({ kafkaCode: 'UNSUPPORTED_VERSION', reason: 'fatal' });
    await expect(asked).rejects.toThrow(/Fetch is needed in version 90 to 99, and the broker serves \d+ to \d+/);
  });
});
