import { type App, each, string, type WorkerEvents } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function appWithTopics(name: string) {
  const app = testAppOf(name);
  running.push(app);
  const options = { key: string(), value: string(), partitions: 1 };
  return { app, items: app.topic(unique('items'), options), output: app.topic(unique('output'), options) };
}

describe('the end of a generator', () => {
  it('runs its finally blocks though it stands at a yield of an event that was given up', async () => {
    const { app, items, output } = appWithTopics('finally');
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const seen: string[] = [];
    app.agent(
      'work',
      items,
      async function* (stream) {
        try {
          for await (const { value } of stream) {
            seen.push(value);
            await released;
            yield value;
          }
        } finally {
          seen.push('closed');
        }
      },
      { to: output },
    );
    const worker = await started(app);
    await items.send({ key: 'k', value: 'x' });
    await until(
      () => seen,
      ([first]) => first === 'x',
    );
    expect(await worker.stop({ budgetMs: 0 })).toMatchObject({ abandoned: 1 });
    release();
    await until(
      () => seen,
      (all) => all.includes('closed'),
    );
    expect(await readAll(output.name)).toEqual([]);
  });

  it('is told when it yields behind its loop, where the output belongs to no event', async () => {
    const { app, items, output } = appWithTopics('behind');
    let count = 0;
    app.agent(
      'count',
      items,
      async function* (stream) {
        for await (const _event of stream) count++;
        yield String(count);
      },
      { to: output },
    );
    const worker = await started(app);
    const warnings: WorkerEvents['warning'][0][] = [];
    worker.on('warning', (warning) => warnings.push(warning));
    await items.send({ key: 'k', value: 'x' });
    await until(
      () => worker.stats().agents['count']?.finished,
      (seen) => seen === 1,
    );
    await worker.stop();
    await until(
      () => warnings.map(({ error }) => error.message),
      ([message]) => message === 'the generator yielded after its last event: the output belongs to no event, and was not sent',
    );
    expect(warnings[0]?.error).toMatchObject({
      code: 'USAGE',
      place: { agent: 'count' },
      next: expect.stringContaining('within the loop'),
    });
  });
});

it('an agent that is declared after the start is refused', async () => {
  const { app, items } = appWithTopics('late');
  app.agent(
    'early',
    items,
    each(() => {}),
  );
  await started(app);
  expect(() =>
    app.agent(
      'late',
      items,
      each(() => {}),
    ),
  ).toThrow(/agent "late" was declared after app ".*" had started/);
});
