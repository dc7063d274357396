import { type App, deadLetter, each, json, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fittedSpecs } from '../../src/runtime/topology/letter-topics.ts';
import { createTopicsOf, started, testAppOf, until } from '../helpers/app.ts';
import { client, createTopic, readAll, unique, withAdmin } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const LIMIT = 'max.message.bytes';
const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

async function produce(topic: string, messages: Array<{ key: string; value: Buffer | string }>): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

function limitOf(specs: ReadonlyArray<{ name: string; configs?: Readonly<Record<string, string>> | undefined }>, name: string): number {
  return Number(specs.find((spec) => spec.name === name)?.configs?.[LIMIT]);
}

describe('the size limit of a dead-letter topic', () => {
  it('is that of its source and room for what the letter adds, and 2 MiB at least', () => {
    const app = testAppOf('limits', { id: 'limits' });
    const large = app.topic('large', { key: string(), configs: { [LIMIT]: '5000000' } });
    const plain = app.topic('plain', { key: string() });
    app.agent('read', [large, plain], async () => {});
    expect(limitOf(app.topicSpecs(), 'large.limits.dlq')).toBe(5_000_000 + 16_384);
    expect(limitOf(app.topicSpecs(), 'plain.limits.dlq')).toBe(2 * 1024 * 1024);
  });

  it('follows what the source has in the broker, and keeps what a letter topic has beyond it', async () => {
    const source = await createTopic('source', { configs: { [LIMIT]: '4000000' } });
    const id = unique('follow');
    const app = testAppOf('follow', { id });
    running.push(app);
    app.agent('read', app.topic(source, { key: string() }), async () => {});
    const admin = await (await app.client()).admin();
    const letters = `${source}.${id}.dlq`;
    expect(limitOf(await fittedSpecs(admin, app.topicSpecs()), letters)).toBe(4_016_384);
    await admin.createTopics([{ name: letters, partitions: 1, configs: { [LIMIT]: '9000000' } }]);
    expect(limitOf(await fittedSpecs(admin, app.topicSpecs()), letters)).toBe(9_000_000);
  });
});

describe('a letter that its topic does not take', () => {
  it.each([
    ['the value is cut', 100_000, /^value 600000$/],
    ['headers and key are left out where that is not enough', 12_000, /^value 600000, headers, key$/],
    ['and most of the error, at last', 600, /^value 600000, headers, key, error$/],
  ])('is written all the same: %s', async (_what, limit, cut) => {
    const id = unique('cut');
    const app = testAppOf('cut', { id });
    running.push(app);
    const items = app.topic(unique('items'), { key: string(), value: json(Item), partitions: 1 });
    const seen: number[] = [];
    app.agent(
      'read',
      items,
      each(({ n }) => {
        seen.push(n);
      }),
    );
    const letters = `${items.name}.${id}.dlq`;
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: letters, numPartitions: 1, configEntries: [{ name: LIMIT, value: String(limit) }] }] }),
    );
    const worker = await started(app);
    const headers = { own: 'x'.repeat(limit > 50_000 ? 10 : 20_000) };
    const producer = client().producer();
    await producer.connect();
    await producer.send({ topic: items.name, messages: [{ key: 'k', value: Buffer.alloc(600_000, 'x'), headers }] });
    await producer.disconnect();
    await items.send({ key: 'k', value: { n: 1 } });
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 1,
    );
    await until(
      () => seen,
      ([n]) => n === 1,
    );
    const [letter] = await readAll(letters);
    const note = (name: string) => letter?.headers?.[`streamer.dlq.${name}`]?.toString();
    expect([note('topic'), note('partition'), note('offset'), note('code')]).toEqual([items.name, '0', '0', 'DECODE']);
    expect(note('cut')).toMatch(cut);
    expect(letter?.value?.length ?? 0).toBeLessThan(limit);
  });
});

describe('an agent on a pattern', () => {
  it('has a dead-letter topic, which takes the letters of all topics that match', async () => {
    const prefix = unique('matched');
    const id = unique('pattern');
    const app = testAppOf('pattern', { id });
    running.push(app);
    const topics = [`${prefix}.a`, `${prefix}.b`];
    await withAdmin((admin) => admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })) }));
    const all = app.topic(new RegExp(`^${prefix}\\.`), { key: string(), value: json(Item) });
    const seen: string[] = [];
    app.agent(
      'read',
      all,
      each(({ n }, { topic }) => {
        if (n < 0) throw new RangeError('below zero');
        seen.push(`${topic} ${n}`);
      }),
      { onError: deadLetter() },
    );
    expect(app.topicSpecs().map(({ name }) => name)).toEqual([`${id}.dlq`]);
    await createTopicsOf(app);
    const worker = await app.start();
    for (const topic of topics)
      await produce(topic, [
        { key: 'k', value: 'no json' },
        { key: 'k', value: '{"n":-1}' },
        { key: 'k', value: '{"n":1}' },
      ]);
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 4,
    );
    await until(
      () => [...seen].sort().join(),
      (text) => text === topics.map((topic) => `${topic} 1`).join(),
    );
    const letters = await readAll(`${id}.dlq`);
    const places = letters.map(({ headers }) => `${headers?.['streamer.dlq.topic']}@${headers?.['streamer.dlq.offset']}`);
    expect(places.sort()).toEqual(topics.flatMap((topic) => [`${topic}@0`, `${topic}@1`]));
  });
});
