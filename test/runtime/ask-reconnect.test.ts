import { expect, it } from 'vitest';
import type { ConsumerSink, KafkaAdmin, KafkaClient, Subscription } from '../../src/kafka/index.ts';
import { ReplyClient } from '../../src/runtime/ask/reply-client.ts';

it('an answer that is written while the connection for answers is away is read when it is there again', async () => {
  const reply = { topic: 'app.replies', partition: 0 };
  const seeks: Array<[epoch: number, offset: number]> = [];
  let latest = 5;
  let sink: ConsumerSink | undefined;
  const subscription = {
    committed: async () => [{ ...reply, offset: -1, metadata: null }],
    seek: (epoch: number, _partition: unknown, offset: number) => void seeks.push([epoch, offset]),
    close: async () => {},
  } as Partial<Subscription> as Subscription;
  const admin = {
    createTopics: async () => new Map(),
    watermarks: async () => [{ ...reply, earliest: 0, latest }],
    deleteGroups: async () => {},
  } as Partial<KafkaAdmin> as KafkaAdmin;
  const client = {
    subscribe: async (_options: unknown, own: (subscription: Subscription) => ConsumerSink) => {
      sink = own(subscription);
      sink.assigned([reply], 1);
      return subscription;
    },
  } as Partial<KafkaClient> as KafkaClient;
  const replies = new ReplyClient('app', client, async () => admin);
  const asked = new Promise<void>((resolve) => {
    void replies.ask('a', AbortSignal.timeout(5_000), async () => resolve()).catch(() => {});
  });
  await asked;
  // Nothing has been read yet. The connection breaks, the answer is written, and the reader is there again.
  sink?.lost([reply], 1);
  latest = 6;
  sink?.assigned([reply], 2);
  await replies.close();
  expect(seeks).toEqual([
    [1, 5],
    [2, 5],
  ]);
});
