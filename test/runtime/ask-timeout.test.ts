import { createServer, type Server } from 'node:net';
import { App, each, number, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { started, testAppOf } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const running: App[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A broker that takes connections and says nothing. */
async function silentBroker(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket));
  const close = server.close.bind(server);
  server.close = (callback) => {
    for (const socket of sockets) socket.destroy();
    return close(callback);
  };
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

it('a question keeps its time-out before the first connection too', async () => {
  const app = new App({ id: unique('silent'), brokers: await silentBroker() });
  app.configure({ env: {} });
  running.push(app);
  const double = app.agent(
    'double',
    app.topic('numbers', { value: number() }),
    each((n) => n * 2),
  );
  const since = performance.now();
  await expect(double.ask(2, { timeoutMs: 150 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('did not answer within 150 ms'),
  });
  expect(performance.now() - since).toBeLessThan(2_000);
});

it.each([{ timeoutMs: 0 }, { timeoutMs: 2 ** 31 }, { timeout: 5 } as object])('a question with %j is refused', async (options) => {
  const app = testAppOf('refused');
  const double = app.agent(
    'double',
    app.topic('numbers', { value: number() }),
    each((n) => n * 2),
  );
  await expect(double.ask(2, options)).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('ask of agent "double": '),
  });
});

it('a question inside a handler does not wait for its event: the handler gets the answer, and passes it on', async () => {
  const app = testAppOf('nested');
  running.push(app);
  const numbers = app.topic(unique('numbers'), { key: string(), value: number() });
  const words = app.topic(unique('words'), { key: string(), value: string() });
  const double = app.agent(
    'double',
    numbers,
    each((n) => n * 2),
  );
  const say = app.agent(
    'say',
    words,
    each(async (word) => `${word} ${await double.ask(21)}`),
  );
  await started(app);
  expect(await say.ask('answer:')).toBe('answer: 42');
});
