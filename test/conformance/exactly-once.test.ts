import { describe, expect, it } from 'vitest';
import { client, createTopic, readAll, unique, withAdmin } from '../helpers/broker.ts';

const transactional = () => client().producer({ transactionalId: unique('tx'), maxInFlightRequests: 1, idempotent: true });

describe('a transactional kafkajs producer', () => {
  it('commits records of several partitions and offsets together; what it aborts is not read', async () => {
    const topic = await createTopic('eos', { partitions: 2 });
    const source = await createTopic('eos-source');
    const groupId = unique('eos');
    const producer = transactional();
    await producer.connect();
    for (const [i, fate] of (['commit', 'abort', 'commit'] as const).entries()) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: `${fate} ${i}` })) });
      await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic: source, partitions: [{ partition: 0, offset: String(i) }] }],
      });
      await transaction[fate]();
    }
    await producer.disconnect();
    const values = (await readAll(topic)).map(({ partition, value }) => `${partition}: ${value}`).sort();
    expect(values).toEqual(['0: commit 0', '0: commit 2', '1: commit 0', '1: commit 2']);
    const [committed] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [source] }));
    expect(committed?.partitions).toMatchObject([{ offset: '2' }]);
  });

  it('is fenced by a second one with its id', async () => {
    const topic = await createTopic('fenced');
    const transactionalId = unique('tx');
    const [old, young] = [0, 1].map(() =>
      client().producer({ transactionalId, maxInFlightRequests: 1, idempotent: true, retry: { retries: 2 } }),
    );
    if (old === undefined || young === undefined) throw new Error('two producers are made');
    await Promise.all([old.connect(), young.connect()]);
    const lost = await old.transaction();
    await lost.send({ topic, messages: [{ value: 'lost' }] });
    const kept = await young.transaction();
    await kept.send({ topic, messages: [{ value: 'kept' }] });
    await kept.commit();
    await expect(lost.send({ topic, messages: [{ value: 'zombie' }] })).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    await Promise.all([old.disconnect(), young.disconnect()]);
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['kept']);
  });
});
