import type { Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkajs } from '../../../src/kafka/index.ts';
import { offsetFetch } from '../../../src/wire/apis/group.ts';
import { ErrorCode } from '../../../src/wire/error-code.ts';
import { brokers, unique, withProducer } from '../../helpers/broker.ts';
import { Wire } from '../../helpers/wire.ts';
import { Proxy } from '../net/proxy.ts';
import { TRANSACTIONAL, type TransactionalName } from '../net/transactional.ts';
import { type Deed, Trap } from '../net/trap.ts';
import { brokerPorts, createTopics, kafkaOf, withAdmin } from '../system/client.ts';
import { committedOf } from './log/committed.ts';
import { readLogs } from './log/read-log.ts';
import { fence } from './traps.ts';

const address = brokers().join(',');
const topic = unique('trap');
const REQUESTS = Object.keys(TRANSACTIONAL) as TransactionalName[];

beforeAll(() => createTopics(address, [topic], 1));
afterAll(() => withAdmin(address, (admin) => admin.deleteTopics({ topics: [topic] })));

/** One transaction of stock kafkajs through a proxy with this trap. Resolves with its value if it was committed, as its producer sees it. */
async function transact(name: TransactionalName, deed: Deed) {
  const proxy = await Proxy.start(await brokerPorts(address));
  const transactionalId = unique('id');
  const trap = new Trap(name, deed);
  proxy.set(trap);
  const producer = kafkaOf(proxy.address).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  try {
    const error = await attempt(producer, transactionalId).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    return { caught: trap.caught, transactionalId, error };
  } finally {
    await producer.disconnect();
    await proxy.close();
  }
}

async function attempt(producer: Producer, value: string): Promise<void> {
  await producer.connect();
  const transaction = await producer.transaction();
  try {
    await transaction.send({ topic, messages: [{ key: 'k', value }] });
    await transaction.sendOffsets({ consumerGroupId: unique('group'), topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }] });
    await transaction.commit();
  } catch (error) {
    await transaction.abort();
    throw error;
  }
}

async function committedValues(): Promise<string[]> {
  const [log] = await readLogs(address, [topic]);
  return committedOf(log?.records ?? []).map(({ value }) => String(value));
}

it('a client sees late markers where it asks for the ends of committed records, and nowhere else', async () => {
  const proxy = await Proxy.start(await brokerPorts(address));
  const changelog = `${unique('late')}-changelog`;
  await createTopics(address, [changelog], 1);
  await withProducer((producer) =>
    producer.send({ topic: changelog, messages: Array.from({ length: 20 }, (_, n) => ({ value: `${n}` })) }),
  );
  const client = kafkajs({ clientId: 'late', brokers: proxy.address.split(',') });
  try {
    const admin = await client.admin();
    const latest = async (isolation: 'committed' | 'uncommitted') => (await admin.watermarks(changelog, { isolation }))[0]?.latest;
    expect([await latest('committed'), await latest('uncommitted')]).toEqual([20, 20]);
    proxy.delayMarkers(60_000);
    expect([await latest('committed'), await latest('uncommitted')]).toEqual([14, 20]);
    proxy.delayMarkers(0);
    expect(await latest('committed')).toBe(20);
  } finally {
    await client.close();
    await proxy.close();
    await withAdmin(address, (admin) => admin.deleteTopics({ topics: [changelog] }));
  }
});

it('a client sees positions that a transaction still holds: earlier ones, or an error where it asks for stable ones', async () => {
  const group = unique('late');
  await withAdmin(address, (admin) => admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '9' }] }));
  const proxy = await Proxy.start(await brokerPorts(address));
  const wire = await Wire.connect(proxy.address.split(',')[0]);
  const asked = async (requireStable: boolean) => {
    const { topics } = await wire.send(offsetFetch, 7, {
      groupId: group,
      topics: [{ name: topic, partitions: [0] }],
      groups: [],
      requireStable,
    });
    const { offset, metadata, errorCode } = topics[0]?.partitions[0] ?? {};
    return [offset, metadata, errorCode];
  };
  try {
    expect([await asked(false), await asked(true)]).toEqual([
      [9, '', 0],
      [9, '', 0],
    ]);
    proxy.delayMarkers(60_000, new Map([[`${topic}/0`, { offset: 7, metadata: 'm' }]]));
    expect([await asked(false), await asked(true)]).toEqual([
      [7, 'm', 0],
      [-1, '', ErrorCode.UNSTABLE_OFFSET_COMMIT],
    ]);
  } finally {
    wire.close();
    await proxy.close();
  }
});

describe.concurrent('a trap at a request of a transaction', () => {
  it.each(REQUESTS)('%s: what is done before it goes on, and before its answer does, names the transactional id', async (name) => {
    for (const does of ['before', 'after'] as const) {
      const ids: string[] = [];
      const { caught, transactionalId, error } = await transact(name, { does, work: async (id) => void ids.push(id) });
      expect({ caught, ids, error }).toEqual({ caught: transactionalId, ids: [transactionalId], error: undefined });
      expect(await committedValues()).toContain(transactionalId);
    }
  });

  it.each(REQUESTS)('%s: a connection that breaks before it', async (name) => {
    const { caught, transactionalId, error } = await transact(name, { does: 'drop' });
    expect(caught).toBe(transactionalId);
    // What the producer was told is what readers see.
    expect((await committedValues()).includes(transactionalId)).toBe(error === undefined);
  });

  it.each(REQUESTS.filter((name) => name !== 'EndTxn'))('%s: a refusal, as a broker words it', async (name) => {
    const { caught, transactionalId } = await transact(name, {
      does: 'refuse',
      errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    });
    expect(caught).toBe(transactionalId);
    expect(await committedValues()).not.toContain(transactionalId);
  });

  it('EndTxn that is carried out and not answered commits', async () => {
    const { caught, transactionalId } = await transact('EndTxn', { does: 'lose-answer' });
    expect(caught).toBe(transactionalId);
    await expect.poll(committedValues).toContain(transactionalId);
  });

  it.each(REQUESTS.filter((name) => name !== 'InitProducerId'))('%s: a producer that is fenced before it commits nothing', async (name) => {
    const { caught, transactionalId, error } = await transact(name, { does: 'before', work: (id) => fence(address, id) });
    expect(caught).toBe(transactionalId);
    expect(error).toBeDefined();
    expect(await committedValues()).not.toContain(transactionalId);
  });
});
