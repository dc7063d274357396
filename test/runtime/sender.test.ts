import { expect, it } from 'vitest';
import { KafkaError, type StreamerError } from '../../src/errors.ts';
import type { KafkaAdmin, OutputRecord } from '../../src/kafka/index.ts';
import { Outbox } from '../../src/runtime/output/outbox.ts';
import { Sender } from '../../src/runtime/output/sender.ts';

/** An admin that fails so often before it answers, and a producer that notes what it is given. */
function senderOf(failures: number) {
  const sent: string[] = [];
  const warnings: StreamerError[] = [];
  let left = failures;
  const admin = {
    async partitionCounts(topics: readonly string[]) {
      if (left-- > 0) throw new KafkaError('retry', 'reading the metadata of topics: Closed connection');
      return new Map(topics.map((topic) => [topic, 1]));
    },
  };
  const producer = {
    async send(records: readonly OutputRecord[]) {
      sent.push(...records.map(({ value }) => String(value)));
      return records.map((_, index) => index);
    },
    close: async () => {},
  };
  const outbox = new Outbox(
    async () => producer,
    (error) => warnings.push(error),
  );
  const sender = new Sender(outbox, async () => admin as unknown as KafkaAdmin);
  const send = (value: string) => {
    const message = { key: Buffer.from('k'), value: Buffer.from(value), headers: undefined, timestamp: undefined, partition: undefined };
    return new Promise<StreamerError | undefined>((resolve) => sender.send('topic', message, resolve));
  };
  return { outbox, sender, send, sent, warnings };
}

it('waits for a broker that cannot be asked for partitions, and keeps the order meanwhile', async () => {
  const { send, sent, warnings } = senderOf(2);
  const first = send('first');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await Promise.all([first, send('second')])).toEqual([undefined, undefined]);
  expect(sent).toEqual(['first', 'second']);
  expect(warnings).toHaveLength(2);
});

it('a flush waits for what waits for a partition count', async () => {
  const { send, sender, sent } = senderOf(1);
  void send('first');
  await sender.flush();
  expect(sent).toEqual(['first']);
});

it('gives up when the outbox is closed', async () => {
  const { send, outbox } = senderOf(Number.POSITIVE_INFINITY);
  const outcome = send('first');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await outbox.close();
  expect(await outcome).toMatchObject({ message: expect.stringContaining('Closed connection') });
});
