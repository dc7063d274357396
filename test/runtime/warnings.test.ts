import { type App, deadLetter, each, json, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopicsOf, started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique, withAdmin } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function appOf(options = {}) {
  const app = testAppOf('warning', options);
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item) });
  return { app, items };
}

describe('a worker whose broker fails', () => {
  it('keeps an event unfinished while its dead-letter topic refuses, says so, and goes on when it is there again', async () => {
    const { app, items } = appOf();
    app.agent(
      'fails',
      items,
      each(({ n }) => {
        if (n === 0) throw new Error('no');
      }),
      { onError: deadLetter() },
    );
    const worker = await started(app);
    const dlq = `${items.name}.${app.id}.dlq`;
    await withAdmin((admin) => admin.deleteTopics({ topics: [dlq] }));
    const warnings: string[] = [];
    worker.on('warning', ({ error }) => warnings.push(error.message));
    const commits: number[] = [];
    worker.on('committed', ({ offsets }) => commits.push(...offsets.map(({ offset }) => offset)));
    for (let n = 0; n < 3; n++) await items.send({ key: `k${n}`, value: { n } });
    await until(
      () => warnings,
      (told) => told.some((message) => /dead letter of offset 0 was refused/.test(message)),
    );
    await until(
      () => worker.stats().agents.fails?.finished,
      (finished) => finished === 2,
    );
    expect(worker.stats().deadLettered).toBe(0);
    expect(Math.max(0, ...commits)).toBe(0);
    await createTopicsOf(app);
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 1,
    );
    expect((await readAll(dlq)).length).toBe(1);
    await until(
      () => Math.max(0, ...commits),
      (offset) => offset === 3,
    );
  });

  it('stops with a clear message when a topic that it reads is deleted', async () => {
    const { app, items } = appOf({ metadataMaxAgeMs: 300, onOffsetOutOfRange: 'earliest' });
    const seen: number[] = [];
    app.agent(
      'read',
      items,
      each(({ n }) => void seen.push(n)),
    );
    const worker = await started(app);
    await items.send({ key: 'k', value: { n: 1 } });
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    const stopped = expect(worker.stopped).rejects.toMatchObject({
      code: 'REFUSED',
      message: `topic "${items.name}" was deleted while it was read`,
      next: expect.stringContaining('topics create'),
    });
    await withAdmin((admin) => admin.deleteTopics({ topics: [items.name] }));
    await stopped;
  });

  it('tells missing topics at the start, with the command that makes them', async () => {
    const { app, items } = appOf();
    app.agent(
      'read',
      items,
      each(() => {}),
    );
    await expect(app.start()).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(items.name),
      next: expect.stringContaining('streamer topics create'),
    });
  });

  it('tells all problems of an app together, before anything connects', async () => {
    const app = testAppOf('wrong', { brokers: ['nobody.invalid:1'] });
    const items = app.topic('items', { key: string(), value: json(Item) });
    app.topic('items', { key: string() });
    app.agent(
      'a',
      items,
      each(() => {}),
    );
    app.agent(
      'a',
      items,
      each(() => {}),
    );
    const foreign = testAppOf('foreign').topic('foreign', { key: string(), value: json(Item) });
    app.agent(
      'b',
      items,
      each(({ n }) => ({ n })),
      { to: foreign },
    );
    await expect(app.start()).rejects.toMatchObject({
      code: 'CONFIG',
      problems: [
        'topic "items" is declared twice',
        'agent "a" is declared twice',
        expect.stringContaining('"foreign" belongs to another app'),
      ],
    });
  });
});
