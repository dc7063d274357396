import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { kafkajs } from '../../../src/kafka/index.ts';
import { createCluster } from '../../../src/kafka/kafkajs/cluster.ts';
import { coordinatorOf } from '../../../src/kafka/kafkajs/coordinators.ts';
import { headersOf } from '../../../src/kafka/kafkajs/partition-queue.ts';
import { produceTo } from '../../../src/kafka/kafkajs/produce-call.ts';
import * as calls from '../../../src/kafka/kafkajs/transaction-calls.ts';
import { decodeCommit, encodeExact } from '../../../src/runtime/offsets/commit-metadata.ts';
import { CUT_KEY, encodeChangelogValue, encodeCutNumber } from '../../../src/tables/index.ts';
import { encodeBatch } from '../../../src/wire/batch-encoder.ts';
import { until } from '../../helpers/app.ts';
import { brokers, unique } from '../../helpers/broker.ts';
import { changelogOf } from '../support/changelog.ts';
import { type CountingApp, type CountingOptions, countingApp } from '../support/counting.ts';

const running: CountingApp[] = [];
const client = kafkajs({ clientId: 'take-over', brokers: brokers() });

afterEach(async () => {
  for (const { app } of running.splice(0)) await app.stop();
});
afterAll(() => client.close());

function counting(options: CountingOptions = {}): CountingApp {
  const made = countingApp(options);
  running.push(made);
  return made;
}

/** A transaction of one record batch that is left open; returns what ends it. */
async function openTransaction(topic: string, records: ReadonlyArray<{ key: Buffer; value: Buffer }>): Promise<() => Promise<void>> {
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
  return async () => {
    await soon(() => calls.endTransaction(coordinator, owner, 'commit'));
    await cluster.disconnect();
  };
}

describe('a marker of the last transaction that is late for a changelog', () => {
  it('is waited for: what it commits is restored', async () => {
    const first = counting({ partitions: 1 });
    await first.start();
    await first.send('a');
    await first.handles(1);
    await first.app.stop();
    // The next cut has set the offset; its part of the changelog is written, and not yet committed.
    const changelog = `${first.id}-counts-changelog`;
    const [number] = [2];
    const value = Buffer.alloc(8);
    value.writeDoubleBE(number);
    const commit = await openTransaction(changelog, [
      { key: Buffer.from('a'), value: encodeChangelogValue({ timestamp: 0, value }) },
      { key: CUT_KEY, value: encodeCutNumber(number) },
    ]);
    const sender = counting({ topic: first.topic, partitions: 1 });
    await sender.send('a');
    const admin = await client.admin();
    const [committed] = await admin.groupOffsets(first.id, [first.topic]);
    const mark = decodeCommit(committed?.offset ?? 0, committed?.metadata ?? null).mark;
    if (mark === undefined) throw new Error('the commit has no mark');
    const metadata = encodeExact(2, new Map(), { ...mark, numbers: new Map([['counts', number]]) });
    await commitAs(first.id, { topic: first.topic, partition: 0, offset: 2, metadata });

    const second = counting({ id: first.id, topic: first.topic, partitions: 1 });
    const worker = await second.start();
    let isRestored = false;
    worker.on('restored', () => {
      isRestored = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([isRestored, second.handled]).toEqual([false, []]);
    await commit();
    await sender.send('a');
    await until(
      () => second.seen.get('a'),
      (count) => count === 3,
    );
  }, 60_000);
});

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
