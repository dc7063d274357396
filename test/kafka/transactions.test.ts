import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaTransactions, kafkajs, TransactionError } from '../../src/kafka/index.ts';
import { createCluster } from '../../src/kafka/kafkajs/cluster.ts';
import { CoordinatorCalls } from '../../src/kafka/kafkajs/coordinator-calls.ts';
import { offsetParts } from '../../src/kafka/kafkajs/offset-parts.ts';
import { stableOffsets } from '../../src/kafka/kafkajs/transaction-calls.ts';
import { checkTransactionVersions } from '../../src/kafka/kafkajs/transaction-versions.ts';
import type { Api } from '../../src/wire/api.ts';
import { produce } from '../../src/wire/apis/data.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../src/wire/apis/transaction.ts';
import { brokers, createTopic, readAll, unique } from '../helpers/broker.ts';
import { type Effect, StagedProxy } from '../helpers/staged-proxy.ts';

const MEMBER = { generationId: -1, memberId: '' };
const REQUESTS: readonly Api[] = [addPartitionsToTxn, produce, addOffsetsToTxn, txnOffsetCommit, endTxn];

let proxy: StagedProxy;
const direct = kafkajs({ clientId: 'transactions', brokers: brokers() });
let proxied: ReturnType<typeof kafkajs>;

beforeAll(async () => {
  proxy = await StagedProxy.start();
  proxied = kafkajs({ clientId: 'transactions', brokers: proxy.brokers });
});
afterAll(async () => {
  await Promise.all([direct.close(), proxied.close()]);
  await proxy.close();
});

async function committedOffset(group: string, topic: string): Promise<number | undefined> {
  const cluster = createCluster({ clientId: 'transactions', brokers: brokers() });
  await cluster.connect();
  try {
    const partitions = [{ topic, partition: 0 }];
    const [found] = await new CoordinatorCalls(cluster, 'group', group).ask('reading', (broker) =>
      stableOffsets(broker, group, partitions),
    );
    return found?.offset;
  } finally {
    await cluster.disconnect();
  }
}

interface Scene {
  readonly id: string;
  readonly topic: string;
  readonly group: string;
  readonly transactions: KafkaTransactions;
  write(value: string, offset: number): Promise<void>;
  expectCommitted(values: readonly string[], offset: number): Promise<void>;
}

async function scene(): Promise<Scene> {
  const [id, topic, group] = [unique('tx'), await createTopic('tx', { partitions: 2 }), unique('tx-group')];
  const transactions = await proxied.transactions(id);
  const write = (value: string, offset: number) =>
    transactions.write(
      [0, 1].map((partition) => ({ topic, partition, key: Buffer.from('k'), value: Buffer.from(value) })),
      { groupId: group, ...MEMBER },
      [{ topic, partition: 0, offset, metadata: value }],
    );
  const expectCommitted = async (values: readonly string[], offset: number) => {
    // Reads to the end of what is stable: nothing is left open.
    expect(await committedOffset(group, topic)).toBe(offset);
    const records = await readAll(topic);
    for (const partition of [0, 1]) {
      expect(records.filter((each) => each.partition === partition).map(({ value }) => String(value))).toEqual(values);
    }
  };
  return { id, topic, group, transactions, write, expectCommitted };
}

/** Writes until it is committed, as the commit cycle does: the same again. Returns the failures before. */
async function persist(write: () => Promise<void>): Promise<TransactionError[]> {
  const failures: TransactionError[] = [];
  for (;;) {
    try {
      await write();
      return failures;
    } catch (error) {
      if (!(error instanceof TransactionError) || error.reason !== 'retry' || failures.length > 3) throw error;
      failures.push(error);
    }
  }
}

const cases = REQUESTS.flatMap((api) =>
  (['cut before', 'cut after', { error: 'NOT_COORDINATOR' }, { error: 'INVALID_PRODUCER_EPOCH' }] as const)
    .filter((effect) => api !== produce || typeof effect === 'string' || effect.error !== 'NOT_COORDINATOR')
    .map((effect): [name: string, api: Api, effect: Effect] => [
      `${api.name}, ${typeof effect === 'string' ? effect : effect.error}`,
      api,
      effect,
    ]),
);

describe('a transaction is committed once, or written again as a whole', () => {
  it.each(cases)('when a request goes wrong: %s', async (_, api, effect) => {
    const { transactions, write, expectCommitted } = await scene();
    await write('a', 1);
    const played = proxy.stage({ api, effect });
    const failures = await persist(() => write('b', 2));
    await played;
    for (const { outcome } of failures) expect(outcome).toBe('aborted');
    await write('c', 3);
    await expectCommitted(['a', 'b', 'c'], 3);
    await transactions.close();
  });

  it.each(REQUESTS.map((api) => [api.name, api] as const))('when another producer fences it before %s', async (_, api) => {
    const { id, transactions, write, expectCommitted } = await scene();
    await write('a', 1);
    const played = proxy.stage({ api, effect: 'pass', before: () => direct.fence(id) });
    const failures = await persist(() => write('b', 2));
    await played;
    expect(failures).toMatchObject([{ outcome: 'aborted', reason: 'retry' }]);
    await expectCommitted(['a', 'b'], 2);
    await transactions.close();
  });

  it('when it is fenced after its end was decided, and the answer was lost: the outcome is unknown', async () => {
    const { id, transactions, write, expectCommitted } = await scene();
    await write('a', 1);
    const answered = proxy.stage({ api: endTxn, effect: 'cut after' });
    const fenced = proxy.stage({ api: endTxn, effect: 'pass', before: () => direct.fence(id) });
    await expect(write('b', 2)).rejects.toMatchObject({ outcome: 'unknown', reason: 'retry' });
    await Promise.all([answered, fenced]);
    await expectCommitted(['a', 'b'], 2);
    await write('b', 2);
    await expectCommitted(['a', 'b', 'b'], 2);
    await transactions.close();
  });

  it('when opening the id again is interrupted too', async () => {
    const { transactions, write, expectCommitted } = await scene();
    const played = [
      proxy.stage({ api: produce, effect: { error: 'INVALID_PRODUCER_EPOCH' } }),
      proxy.stage({ api: initProducerId, effect: 'cut after' }),
    ];
    expect(await persist(() => write('a', 1))).toHaveLength(1);
    await Promise.all(played);
    await expectCommitted(['a'], 1);
    await transactions.close();
  });
});

describe('a transaction is refused', () => {
  it('for a member whose generation is over, and nothing of it is committed', async () => {
    const { transactions, topic, group, write, expectCommitted } = await scene();
    await write('a', 1);
    const old = { groupId: group, generationId: 7, memberId: 'somebody' };
    const record = { topic, partition: 0, key: Buffer.from('k'), value: Buffer.from('b') };
    await expect(transactions.write([record], old, [{ topic, partition: 0, offset: 2, metadata: '' }])).rejects.toMatchObject({
      outcome: 'aborted',
      reason: 'stale',
    });
    await expectCommitted(['a'], 1);
    await transactions.close();
  });

  it('for a topic that does not exist', async () => {
    const { transactions, topic, group, write, expectCommitted } = await scene();
    await write('a', 1);
    const record = { topic: unique('missing'), partition: 0, key: Buffer.from('k'), value: Buffer.from('b') };
    const member = { groupId: group, ...MEMBER };
    await expect(transactions.write([record], member, [{ topic, partition: 0, offset: 2, metadata: '' }])).rejects.toMatchObject({
      outcome: 'aborted',
      reason: 'refused',
      kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    await expectCommitted(['a'], 1);
    await transactions.close();
  });
});

describe('fencing', () => {
  it('ends what a producer that has died left open, at once', async () => {
    const { id, topic, group, transactions, expectCommitted, write } = await scene();
    await write('a', 1);
    // Its last request never comes: to the broker it has died.
    const died = proxy.stage({ api: endTxn, effect: 'cut before', times: 1_000 });
    const dying = write('b', 2).catch(() => {});
    await expect.poll(() => proxy.seen.filter((key) => key === endTxn.key).length).toBeGreaterThan(1);
    const since = Date.now();
    await direct.fence(id);
    expect(Date.now() - since).toBeLessThan(2_000);
    await expectCommitted(['a'], 1);
    expect(await committedOffset(group, topic)).toBe(1);
    proxy.clear();
    await Promise.race([died, dying]);
    await transactions.close();
  });
});

describe('a broker', () => {
  it('that lacks requests of a transaction is refused, and the error names them', () => {
    const versions = { 22: { minVersion: 0, maxVersion: 1 }, 28: { minVersion: 0, maxVersion: 2 }, 24: { minVersion: 0, maxVersion: 1 } };
    expect(() => checkTransactionVersions({ versions })).toThrow(/InitProducerId 3, AddOffsetsToTxn 0, TxnOffsetCommit 3, EndTxn 0/);
  });
});

describe('the offsets of a transaction', () => {
  it('are sent in parts that a broker takes', () => {
    const offsets = Array.from({ length: 10 }, (_, partition) => ({ topic: 't', partition, offset: 1, metadata: 'x'.repeat(1_000) }));
    const parts = offsetParts(offsets, 3_500);
    expect(parts.map((part) => part.length)).toEqual([3, 3, 3, 1]);
    expect(parts.flat()).toEqual(offsets);
    expect(offsetParts([])).toEqual([]);
  });
});
