import { type App, each, json, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Proxy } from '../faults/net/proxy.ts';
import { brokerPorts } from '../faults/system/client.ts';
import { started, testAppOf } from '../helpers/app.ts';
import { createTopic, readAll, unique } from '../helpers/broker.ts';

/** `send` and `ask` keep `timeoutMs` and `signal` in every state of the connection. */
const Item = z.object({ n: z.number() });
const running: App[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()));
});

function anApp(options: { brokers?: readonly string[]; topic?: string; drainTimeoutMs?: number } = {}) {
  const { topic = unique('limits'), ...others } = options;
  const app = testAppOf('limits', others);
  running.push(app);
  const items = app.topic(topic, { key: string(), value: json(Item) });
  const double = app.agent(
    'double',
    items,
    each(({ n }) => ({ twice: 2 * n })),
  );
  return { app, items, double };
}

/** Rejects with the error, and says how long that took. */
async function failure(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const startedAt = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - startedAt };
}

describe('before the first connection, where no broker answers', () => {
  it.concurrent.each([
    ['send', ({ items }: ReturnType<typeof anApp>, limits: object) => items.send({ key: 'k', value: { n: 1 } }, limits)],
    ['tombstone', ({ items }: ReturnType<typeof anApp>, limits: object) => items.tombstone({ key: 'k' }, limits)],
    ['ask', ({ double }: ReturnType<typeof anApp>, limits: object) => double.ask({ n: 1 }, limits)],
    ['cast', ({ double }: ReturnType<typeof anApp>, limits: object) => double.cast({ n: 1 }, limits)],
  ])('%s keeps both', async (_, act) => {
    const one = anApp({ brokers: ['127.0.0.1:1'], drainTimeoutMs: 100 });
    const late = await failure(act(one, { timeoutMs: 300 }));
    expect(late.error).toMatchObject({ name: 'StreamerError', code: 'TIMEOUT', message: expect.stringContaining('within 300 ms') });
    expect(late.ms).toBeLessThan(1_500);
    const reason = new Error('the request was closed');
    const aborted = await failure(act(one, { signal: AbortSignal.timeout(200), timeoutMs: 60_000 }));
    expect(aborted.error).toMatchObject({ name: 'TimeoutError' });
    expect(aborted.ms).toBeLessThan(1_500);
    expect(await failure(act(one, { signal: AbortSignal.abort(reason) }))).toMatchObject({ error: reason });
    expect(await failure(act(one, { timeoutMs: 0 }))).toMatchObject({ error: { code: 'CONFIG' } });
    expect(await failure(act(one, { timeoutMs: Number.POSITIVE_INFINITY }))).toMatchObject({ error: { code: 'CONFIG' } });
    expect(await failure(act(one, { timeout: 5 }))).toMatchObject({ error: { code: 'CONFIG' } });
  });
});

describe('while the brokers do not answer any more', () => {
  it('both are kept, what has not left by then is not sent, and all works again afterwards', async () => {
    const proxy = await Proxy.start(await brokerPorts(String(process.env.TEST_BROKERS)));
    try {
      const topic = await createTopic('limits');
      const { app, items, double } = anApp({ brokers: [proxy.address], topic });
      await started(app);
      expect(await double.ask({ n: 4 }, { timeoutMs: 10_000 })).toEqual({ twice: 8 });
      proxy.cut();
      const send = (n: number, limits: object) => failure(items.send({ key: 'k', value: { n } }, limits));
      const stopping = new AbortController();
      setTimeout(() => stopping.abort(new Error('no longer wanted')), 400);
      const sending = send(1, { timeoutMs: 300 });
      // The first is with the client, the others wait behind it.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const [first, second, third] = await Promise.all([sending, send(2, { timeoutMs: 300 }), send(3, { signal: stopping.signal })]);
      expect([first.error, second.error]).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }]);
      expect(third.error).toMatchObject({ message: 'no longer wanted' });
      const asked = await failure(double.ask({ n: 5 }, { timeoutMs: 300 }));
      expect(asked.error).toMatchObject({ code: 'TIMEOUT', message: 'agent "double" did not answer within 300 ms' });
      expect(Math.max(first.ms, second.ms, third.ms, asked.ms)).toBeLessThan(2_000);
      proxy.mend();
      await items.send({ key: 'k', value: { n: 6 } }, { timeoutMs: 30_000 });
      expect(await double.ask({ n: 7 }, { timeoutMs: 30_000 })).toEqual({ twice: 14 });
      const written = (await readAll(topic)).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n);
      expect(written.slice(-2)).toEqual([6, 7]);
      // The first may have been on its way when the connection broke.
      expect(written.filter((n) => n === 2 || n === 3 || n === 5)).toEqual([]);
    } finally {
      await Promise.all(running.splice(0).map((app) => app.stop()));
      await proxy.close();
    }
  });
});
