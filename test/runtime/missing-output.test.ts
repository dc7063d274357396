import { type App, deadLetter, each, json, retry, string, type Worker } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { testAppOf, until } from '../helpers/app.ts';
import { client, readAll, unique, withAdmin } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

/** An app with its input topic, its dead-letter topic, and an output topic that the test deletes. */
async function stage() {
  const id = unique('missing');
  const [input, missing] = [unique('in'), unique('out')];
  const topics = [input, missing, `${input}.${id}.dlq`].map((topic) => ({ topic, numPartitions: 1 }));
  await withAdmin((admin) => admin.createTopics({ topics }));
  const app = testAppOf('missing', { id });
  running.push(app);
  const options = { key: string(), value: json(Item), partitions: 1 };
  return { id, app, items: app.topic(input, options), output: app.topic(missing, options) };
}

async function deleted(topic: string): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(
      () => admin.listTopics(),
      (topics) => !topics.includes(topic),
    );
  });
}

describe('an output topic that does not exist', () => {
  it('ends the worker, commits and dead-letters nothing, and says what to create', async () => {
    const { id, app, items, output } = await stage();
    app.agent(
      'copy',
      items,
      each((item) => item),
      { to: output, onError: retry({ attempts: 2, delayMs: 1 }).otherwise(deadLetter()) },
    );
    const worker = await app.start();
    await deleted(output.name);
    const stopped = expect(worker.stopped).rejects.toMatchObject({
      message: expect.stringContaining(output.name),
      next: expect.stringMatching(/streamer topics create/),
    });
    for (let n = 0; n < 5; n++) await items.send({ key: 'k', value: { n }, partition: 0 });
    await stopped;
    await ended(worker);
    expect(await readAll(`${items.name}.${id}.dlq`)).toEqual([]);
    expect(await committedOf(id, items.name)).toBeLessThanOrEqual(0);
  });

  it('does the same for a topic that a handler sends to', async () => {
    const { id, app, items, output } = await stage();
    app.agent(
      'send',
      items,
      each(async (item, { key }) => {
        await output.send({ key, value: item });
      }),
    );
    const worker = await app.start();
    await deleted(output.name);
    const stopped = expect(worker.stopped).rejects.toMatchObject({ message: expect.stringContaining(output.name) });
    await items.send({ key: 'k', value: { n: 1 }, partition: 0 });
    await stopped;
    expect(await readAll(`${items.name}.${id}.dlq`)).toEqual([]);
  });
});

async function ended(worker: Worker): Promise<void> {
  await worker.stopped.catch(() => {});
  await until(
    () => worker.state,
    (state) => state === 'failed',
  );
}

async function committedOf(groupId: string, topic: string): Promise<number> {
  const admin = client().admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Number(found?.partitions[0]?.offset ?? -1);
  } finally {
    await admin.disconnect();
  }
}
