import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, http, inference, json, retry, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const Row = z.object({ n: z.number() });
const Out = Row.extend({ double: z.number() });
const running: App[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = (rows: Array<{ n: number }>, response: ServerResponse) => void;
const doubles = (rows: Array<{ n: number }>) => JSON.stringify(rows.map(({ n }) => ({ double: n * 2 })));

/** A model server whose answers can be changed while it runs; port 0 = any. */
async function serve(
  answer: Answer,
  port = 0,
): Promise<{ url: string; port: number; calls: () => number; become: (next: Answer) => void }> {
  let calls = 0;
  let current = answer;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls++;
      current(JSON.parse(Buffer.concat(chunks).toString()), response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/predict`,
    port: bound,
    calls: () => calls,
    become: (next) => {
      current = next;
    },
  };
}

async function predicting(url: string, timeoutMs = 2_000) {
  const app = testAppOf('inference');
  running.push(app);
  const rows = app.topic(unique('rows'), { key: string(), value: json(Row), partitions: 2 });
  const out = app.topic(unique('out'), { key: string(), value: json(Out), partitions: 2 });
  app.agent(
    'predict',
    rows,
    inference({
      model: http.rows<z.infer<typeof Row>, { double: number }>(url),
      features: (row) => row,
      result: (row, answer) => ({ ...row, ...answer }),
      batch: { size: 16, waitMs: 10 },
      timeoutMs,
    }),
    { to: out, onError: retry({ attempts: 2, delayMs: 20 }) },
  );
  const worker = await started(app);
  const send = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => rows.send({ key: `k${(from + i) % 10}`, value: { n: from + i } })));
  const results = async () => (await readAll(out.name)).map(({ value }) => Out.parse(JSON.parse(String(value))));
  const letters = async () =>
    (await readAll(`${rows.name}.${app.id}.dlq`)).map(({ value, headers }) => ({
      n: Row.parse(JSON.parse(String(value))).n,
      message: String(headers?.['streamer.dlq.message']),
    }));
  const finished = (count: number) =>
    until(
      () => worker.stats().agents.predict,
      (agent) => agent?.finished === count,
    );
  return { worker, send, results, letters, finished };
}

it('predicts every row once, in micro-batches, matched by position', async () => {
  const server = await serve((rows, response) => response.end(doubles(rows)));
  const t = await predicting(server.url);
  await t.send(0, 500);
  await t.finished(500);
  const results = await t.results();
  expect(new Set(results.map(({ n }) => n)).size).toBe(500);
  expect(results.every(({ n, double }) => double === n * 2)).toBe(true);
  expect(results.length).toBe(500);
  expect(server.calls()).toBeLessThan(400);
});

it.each([
  ['answers 500', (_rows: unknown, response: ServerResponse) => response.writeHead(500).end('{"detail":"boom at 7"}'), /500.*boom at 7/s],
  ['answers 422', (_rows: unknown, response: ServerResponse) => response.writeHead(422).end('{"detail":"n: not 7"}'), /422.*n: not 7/s],
  ['gives too few results', (_rows: unknown, response: ServerResponse) => response.end('[]'), /1.*0|0.*1/s],
] as const)('finds the row to which the model %s, dead-letters it alone, and loses nothing else', async (_name, refuse, message) => {
  const server = await serve((rows, response) => (rows.some(({ n }) => n === 7) ? refuse(rows, response) : response.end(doubles(rows))));
  const t = await predicting(server.url);
  await t.send(0, 40);
  await t.finished(40);
  expect((await t.results()).map(({ n }) => n).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 40 }, (_, n) => n).filter((n) => n !== 7),
  );
  const letters = await t.letters();
  expect(letters.map(({ n }) => n)).toEqual([7]);
  expect(letters[0]!.message).toMatch(message);
});

it('waits for a model that is slow, overloaded or gone, and resumes by itself with nothing lost or dead-lettered', async () => {
  const server = await serve((_rows, response) => response.writeHead(503, { 'retry-after': '0' }).end());
  const t = await predicting(server.url, 150);
  await t.send(0, 20);
  await until(
    () => t.worker.stats().agents.predict?.waitingSince,
    (since) => since !== undefined,
  );
  let hanging = 0;
  server.become(() => {
    hanging++;
  });
  await until(
    () => hanging,
    (count) => count > 0,
  );
  const gone = servers.pop()!;
  gone.closeAllConnections();
  await new Promise((resolve) => gone.close(resolve));
  expect(t.worker.stats()).toMatchObject({ deadLettered: 0, agents: { predict: { finished: 0 } } });
  await serve((rows, response) => response.end(doubles(rows)), server.port);
  await t.finished(20);
  expect((await t.results()).length).toBe(20);
  expect(await t.letters()).toEqual([]);
});
