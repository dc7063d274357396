import {
  Consumer,
  type Message,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { brokers, createTopic, readAll, unique, withAdmin } from '../helpers/broker.ts';

type Text = Message<string, string, string, string>;

const producer = (transactionalId?: string) =>
  new Producer({
    clientId: 'platformatic',
    bootstrapBrokers: brokers(),
    serializers: stringSerializers,
    idempotent: true,
    ...(transactionalId !== undefined && { transactionalId }),
  });
const consumer = (groupId: string) =>
  new Consumer({ clientId: 'platformatic', groupId, bootstrapBrokers: brokers(), deserializers: stringDeserializers, maxWaitTime: 100 });

/** Reads this many messages with a group. The caller closes the consumer. */
async function read(reader: ReturnType<typeof consumer>, topic: string, count: number, autocommit: boolean): Promise<Text[]> {
  const stream = await reader.consume({ topics: [topic], mode: MessagesStreamModes.COMMITTED, fallbackMode: 'earliest', autocommit });
  const messages: Text[] = [];
  for await (const message of stream) {
    messages.push(message as Text);
    if (messages.length === count) break;
  }
  return messages;
}

describe('@platformatic/kafka, a client that uses flexible versions', () => {
  it('produces, and consumes with a group', async () => {
    const topic = await createTopic('platformatic', { partitions: 2 });
    const writer = producer();
    const messages = Array.from({ length: 20 }, (_, i) => ({ topic, key: `k${i}`, value: `v${i}`, headers: { n: String(i) } }));
    await writer.send({ messages, acks: ProduceAcks.ALL });
    await writer.close();
    const reader = consumer(unique('platformatic'));
    const seen = await read(reader, topic, 20, true);
    await reader.close(true);
    expect(seen.map(({ value }) => value).sort()).toEqual(messages.map(({ value }) => value).sort());
    expect((await readAll(topic)).length).toBe(20);
  });

  it('transacts: what it aborts is not read, offsets move with what it commits', async () => {
    const [source, target, group] = [await createTopic('pf-source'), await createTopic('pf-target'), unique('pf')];
    const plain = producer();
    await plain.send({ messages: ['a', 'b', 'c'].map((value) => ({ topic: source, key: 'k', value })), acks: ProduceAcks.ALL });
    await plain.close();
    const [reader, writer] = [consumer(group), producer(unique('pf'))];
    const seen = await read(reader, source, 3, false);
    for (const [i, message] of seen.entries()) {
      const transaction = await writer.beginTransaction();
      await transaction.addConsumer(reader);
      await transaction.send({ messages: [{ topic: target, key: 'k', value: message.value.toUpperCase() }], acks: ProduceAcks.ALL });
      await transaction.addOffset(message);
      if (i === 1) await transaction.abort();
      else await transaction.commit();
    }
    await Promise.all([reader.close(true), writer.close()]);
    expect((await readAll(target)).map(({ value }) => String(value))).toEqual(['A', 'C']);
    const [committed] = await withAdmin((admin) => admin.fetchOffsets({ groupId: group, topics: [source] }));
    expect(committed?.partitions).toMatchObject([{ offset: '3' }]);
  });
});
