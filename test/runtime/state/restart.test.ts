import { type App, each, number, string, type Worker } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { started, testAppOf, until } from '../../helpers/app.ts';
import { unique } from '../../helpers/broker.ts';
import { changelogOf } from '../support/changelog.ts';

const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

interface Counting {
  readonly app: App;
  readonly worker: Worker;
  readonly items: { send(message: { key: string; value: string }): Promise<unknown> };
  readonly seen: Map<string, number>;
}

/** Counts events by key. */
async function counting(id: string, topic: string, options: object = {}): Promise<Counting> {
  const app = testAppOf('count', { id, ...options });
  running.push(app);
  const items = app.topic(topic, { key: string(), value: string(), partitions: 4 });
  const counts = app.table('counts', { key: string(), value: number() });
  const seen = new Map<string, number>();
  app.agent(
    'count',
    items,
    each((_value, { key }) => {
      seen.set(key, counts.update(key, (n = 0) => n + 1) ?? 0);
    }),
    { tables: [counts] },
  );
  return { app, worker: await started(app), items, seen };
}

describe('a table', () => {
  it('is committed with the offsets, and restored by the next worker', async () => {
    const [id, topic] = [unique('count'), unique('items')];
    const first = await counting(id, topic);
    for (let round = 0; round < 3; round++) await Promise.all(['a', 'b', 'c', 'd'].map((key) => first.items.send({ key, value: 'x' })));
    await until(
      () => [...first.seen.values()].reduce((sum, n) => sum + n, 0),
      (sum) => sum === 12,
    );
    expect(await first.worker.stop()).toMatchObject({ committed: true, abandoned: 0 });
    expect(await changelogOf(`${id}-counts-changelog`)).toEqual(
      new Map([
        ['a', 3],
        ['b', 3],
        ['c', 3],
        ['d', 3],
      ]),
    );
    await first.app.stop();
    const second = await counting(id, topic);
    await Promise.all(['a', 'c'].map((key) => second.items.send({ key, value: 'x' })));
    await until(
      () => second.seen.size,
      (size) => size === 2,
    );
    expect(second.seen).toEqual(
      new Map([
        ['a', 4],
        ['c', 4],
      ]),
    );
  });
});
