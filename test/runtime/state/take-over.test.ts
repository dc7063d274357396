import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type CommittedOffset, kafkajs } from '../../../src/kafka/index.ts';
import { createCluster } from '../../../src/kafka/kafkajs/cluster.ts';
import { coordinatorOf } from '../../../src/kafka/kafkajs/coordinators.ts';
import { headersOf } from '../../../src/kafka/kafkajs/partition-queue.ts';
import { produceTo } from '../../../src/kafka/kafkajs/produce-call.ts';
import * as calls from '../../../src/kafka/kafkajs/transaction-calls.ts';
import { decodeCommit, encodeExact } from '../../../src/runtime/offsets/commit-metadata.ts';
import { CUT_KEY, encodeChangelogValue, encodeCutNumber } from '../../../src/tables/index.ts';
import { offsetFetch } from '../../../src/wire/apis/group.ts';
import { encodeBatch } from '../../../src/wire/batch-encoder.ts';
import { until } from '../../helpers/app.ts';
import { brokers, unique } from '../../helpers/broker.ts';
import { StagedProxy } from '../../helpers/staged-proxy.ts';
import { changelogOf } from '../support/changelog.ts';
import { type CountingApp, type CountingOptions, countingApp } from '../support/counting.ts';

const running: CountingApp[] = [];
const proxies: StagedProxy[] = [];
const client = kafkajs({ clientId: 'take-over', brokers: brokers() });

afterEach(async () => {
  for (const { app } of running.splice(0)) await app.stop();
  for (const proxy of proxies.splice(0)) await proxy.close();
});
afterAll(() => client.close());

function counting(options: CountingOptions = {}): CountingApp {
  const made = countingApp(options);
  running.push(made);
  return made;
}

/** A transaction of one record batch, and of an offset, that is left open; returns what ends it. */
async function openTransaction(
  topic: string,
  records: ReadonlyArray<{ key: Buffer; value: Buffer }>,
  commit?: { readonly groupId: string; readonly offset: CommittedOffset },
): Promise<() => Promise<void>> {
  const cluster = createCluster({ clientId: 'open', brokers: brokers() });
  await cluster.connect();
  const id = unique('open');
  const soon = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (attempt > 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const coordinator = await soon(() => coordinatorOf(cluster, 'transaction', id));
  const owner = await soon(() => calls.initTransactions(coordinator, id, 60_000));
  await soon(() => calls.addPartitions(coordinator, owner, [{ topic, partition: 0 }]));
  await cluster.addMultipleTargetTopics([topic]);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [0]));
  const leader = await cluster.findBroker({ nodeId: String(nodeId) });
  const written = records.map(({ key, value }) => ({ topic, partition: 0, key, value }));
  const batch = encodeBatch(written, { ...owner, firstSequence: 0, isTransactional: true }, headersOf);
  await produceTo(leader, [{ topic, partition: 0, batch }], { transactionalId: id, timeoutMs: 10_000 });
  if (commit !== undefined) {
    const { groupId, offset } = commit;
    await soon(() => calls.addOffsets(coordinator, owner, groupId));
    const group = await soon(() => coordinatorOf(cluster, 'group', groupId));
    await soon(() => calls.commitOffsets(group, owner, { groupId, generationId: -1, memberId: '' }, [offset]));
  }
  return async () => {
    await soon(() => calls.endTransaction(coordinator, owner, 'commit'));
    await cluster.disconnect();
  };
}

/** What a second cut commits: two events of key `a`. */
async function secondCut(app: CountingApp) {
  const value = Buffer.alloc(8);
  value.writeDoubleBE(2);
  const records = [
    { key: Buffer.from('a'), value: encodeChangelogValue({ timestamp: 0, value }) },
    { key: CUT_KEY, value: encodeCutNumber(2) },
  ];
  const [committed] = await (await client.admin()).groupOffsets(app.id, [app.topic]);
  const { mark } = decodeCommit(committed?.offset ?? 0, committed?.metadata ?? null);
  if (mark === undefined) throw new Error('the commit has no mark');
  const metadata = encodeExact(2, new Map(), { ...mark, numbers: new Map([['counts', 2]]) });
  return { changelog: `${app.id}-counts-changelog`, records, offset: { topic: app.topic, partition: 0, offset: 2, metadata } };
}

/** A worker has committed its first cut, of one event, and stopped; another event follows. */
async function firstCut(): Promise<CountingApp> {
  const first = counting({ partitions: 1 });
  await first.start();
  await first.send('a');
  await first.handles(1);
  await first.app.stop();
  await counting({ topic: first.topic, partitions: 1 }).send('a');
  return first;
}

describe('the last transaction of the worker before', () => {
  it('is waited for when its offsets are there and its marker is late for a changelog: what it commits is restored', async () => {
    const first = await firstCut();
    const { changelog, records, offset } = await secondCut(first);
    const commit = await openTransaction(changelog, records);
    await commitAs(first.id, offset);
    await expectThird(first, commit);
  }, 60_000);

  it('is waited for when it is not decided: its offsets are those of the changelog', async () => {
    const first = await firstCut();
    const { changelog, records, offset } = await secondCut(first);
    const commit = await openTransaction(changelog, records, { groupId: first.id, offset });
    await expectThird(first, commit);
  }, 60_000);
});

/** The next worker does nothing before the transaction has ended, and goes on from its second cut. */
async function expectThird({ id, topic }: CountingApp, commit: () => Promise<void>): Promise<void> {
  const proxy = await StagedProxy.start();
  proxies.push(proxy);
  const next = counting({ id, topic, partitions: 1, brokers: proxy.brokers });
  const starting = next.start();
  await until(
    () => proxy.seen.includes(offsetFetch.key),
    (hasAsked) => hasAsked,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(next.handled).toEqual([]);
  await commit();
  await starting;
  await next.send('a');
  await until(
    () => next.seen.get('a'),
    (count) => count === 3,
  );
  expect(next.handled).toEqual(['0@2']);
}

/** A commit with metadata, of nobody: the group has no members. */
async function commitAs(groupId: string, offset: { topic: string; partition: number; offset: number; metadata: string }): Promise<void> {
  const transactions = await client.transactions(unique('commit'));
  await transactions.write([], { groupId, generationId: -1, memberId: '' }, [offset]);
  await transactions.close();
}

describe('a rebalance', () => {
  it('moves tables to other workers and back, and loses no count', async () => {
    const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
    const first = counting({ partitions: 4 });
    await first.start();
    const all = [first];
    const handled = () => all.reduce((sum, { handled: own }) => sum + own.length, 0);
    for (let round = 1; round <= 2; round++) {
      await first.send(...keys);
      const next = counting({ id: first.id, topic: first.topic, partitions: 4 });
      all.push(next);
      await next.start();
      await first.send(...keys);
      await until(handled, (count) => count === round * 60 - 20);
      await next.app.stop();
      await first.send(...keys);
      await until(handled, (count) => count === round * 60);
    }
    await first.app.stop();
    expect(await changelogOf(`${first.id}-counts-changelog`)).toEqual(new Map(keys.map((key): [string, number] => [key, 6]).sort()));
  }, 60_000);
});
