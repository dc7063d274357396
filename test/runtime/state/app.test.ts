import { type App, each, json, number, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopicsOf, started, testAppOf, until } from '../../helpers/app.ts';
import { readAll, unique } from '../../helpers/broker.ts';
import { changelogOf } from '../support/changelog.ts';

const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function made(name: string) {
  const app = testAppOf(name);
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: string(), partitions: 2 });
  const counts = app.table('counts', { key: string(), value: number() });
  return { app, items, counts };
}

describe('an app with tables', () => {
  it('answers questions from a table that another agent writes', async () => {
    const { app, items, counts } = made('ask');
    const questions = app.topic(unique('questions'), { key: string(), value: json(z.object({})), partitions: 2 });
    app.agent(
      'count',
      items,
      each((_value, { key }) => void counts.update(key, (n = 0) => n + 1)),
      { tables: [counts] },
    );
    const asked = app.agent(
      'ask',
      questions,
      each((_question, { key }) => ({ count: counts.get(key) ?? 0 })),
      { reads: [counts] },
    );
    const worker = await started(app);
    for (const key of ['a', 'b', 'a']) await items.send({ key, value: 'x' });
    await until(
      () => worker.stats().agents['count']?.finished,
      (finished) => finished === 3,
    );
    expect(await Promise.all(['a', 'b', 'c'].map((key) => asked.ask({}, { key })))).toEqual([{ count: 2 }, { count: 1 }, { count: 0 }]);
    await until(
      () => worker.stats().state,
      (state) => state?.tables['counts']?.entries === 2,
    );
    const { state } = worker.stats();
    expect(state?.tables).toEqual({ counts: { entries: 2, bytes: 2 * (1 + 8), changed: 0 } });
    expect(state?.commits).toMatchObject({ aborted: 0, unknown: 0, committed: expect.any(Number) });
    expect(state?.commits.committed).toBeGreaterThan(0);
  });

  it('counts an event whose output the broker refuses, once: its letter says that the writes were applied', async () => {
    const { app, items, counts } = made('refused');
    const small = app.topic(unique('small'), { key: string(), value: string(), configs: { 'max.message.bytes': '1000' } });
    let handled = 0;
    app.agent(
      'count',
      items,
      each((value, { key }) => {
        handled++;
        counts.update(key, (n = 0) => n + 1);
        return value === 'large' ? 'x'.repeat(5_000) : value;
      }),
      { tables: [counts], to: small },
    );
    const worker = await started(app);
    for (const value of ['small', 'large', 'small']) await items.send({ key: 'a', value });
    await until(
      () => worker.stats().agents['count']?.finished,
      (finished) => finished === 3,
    );
    expect(await worker.stop()).toMatchObject({ committed: true });
    expect(await changelogOf(`${app.id}-counts-changelog`)).toEqual(new Map([['a', 3]]));
    const [letter] = await readAll(`${items.name}.${app.id}.dlq`);
    expect([String(letter?.headers?.['streamer.dlq.state']), handled]).toEqual(['applied', 3]);
  });

  it('awaits what a handler sends and does not await, and sends nothing for an event that has finished', async () => {
    const { app, items, counts } = made('sends');
    const out = app.topic(unique('out'), { key: string(), value: string() });
    const late: unknown[] = [];
    app.agent(
      'count',
      items,
      each((value, { key }) => {
        counts.update(key, (n = 0) => n + 1);
        void out.send({ key, value });
        setTimeout(() => out.send({ key, value: 'late' }).catch((error: unknown) => late.push(error)), 50);
      }),
      { tables: [counts] },
    );
    const worker = await started(app);
    await items.send({ key: 'a', value: '1' });
    await items.send({ key: 'a', value: '2' });
    await until(
      () => late.length,
      (length) => length === 2,
    );
    expect(late[0]).toMatchObject({ code: 'USAGE', message: expect.stringContaining('nothing more is sent for it') });
    expect(await worker.stop()).toMatchObject({ committed: true });
    expect((await readAll(out.name)).map(({ value }) => String(value))).toEqual(['1', '2']);
    expect(await changelogOf(`${app.id}-counts-changelog`)).toEqual(new Map([['a', 2]]));
  });

  it('does not start where the broker deletes entries of a changelog', async () => {
    const { app, items, counts } = made('policy');
    app.agent(
      'count',
      items,
      each(() => {}),
      { tables: [counts] },
    );
    await createTopicsOf(app);
    const admin = await (await app.client()).admin();
    await admin.alterConfigs(`${app.id}-counts-changelog`, { 'cleanup.policy': 'delete' });
    await expect(app.start()).rejects.toThrowError(/cleanup.policy delete: the broker would delete entries of table "counts"/);
  });

  it('is not read by patterns that match its changelog', async () => {
    const { app, items, counts } = made('pattern');
    const seen: string[] = [];
    const other = `${app.id}-other`;
    app.agent(
      'count',
      items,
      each((_value, { key }) => void counts.update(key, (n = 0) => n + 1)),
      { tables: [counts] },
    );
    app.agent(
      'all',
      app.topic(new RegExp(`^${app.id}-`), {}),
      each((_value, { topic }) => void seen.push(topic)),
    );
    await createTopicsOf(app);
    const admin = await (await app.client()).admin();
    await admin.createTopics([{ name: other, partitions: 1 }]);
    const worker = await app.start();
    await items.send({ key: 'a', value: 'x' });
    await until(
      () => worker.stats().state?.tables['counts']?.entries,
      (entries) => entries === 1,
    );
    expect(new Set(worker.stats().assigned.map(({ topic }) => topic))).toEqual(new Set([items.name, other]));
    expect(seen).toEqual([]);
  });
});
