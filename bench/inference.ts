/**
 * Events per second of an agent that asks a model about every event, over one server and one broker: the seed's own way (one
 * request per event, one at a time) against micro-batches.
 *
 *     npx tsc -p tsconfig.bench.json && node dist/bench/inference.js [events]        (KAFKA_BROKERS names a broker)
 *
 * The model server runs in a thread of its own and spends a little time on every call, as real ones do: 1 ms, and 20 us a row
 * (a FastAPI or BentoML service on the same machine takes 2 to 7 ms for one row).
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { App, inference, json, string } from 'streamerjs';
import { startBrokerThread } from 'streamerjs/broker';
import { http, type Model } from 'streamerjs/models';
import { z } from 'zod';

const CALL_MS = Number(process.env.BENCH_CALL_MS ?? 1);
const ROW_MS = 0.02;

const Customer = z.object({ age: z.number(), balance: z.number() });
const Prediction = Customer.extend({ probability: z.number() });
type Customer = z.infer<typeof Customer>;

interface Way {
  readonly name: string;
  readonly options: { readonly batch: { readonly size: number; readonly waitMs: number }; readonly inFlight: number };
  readonly model: (url: string) => Model<Customer, { probability: number }>;
  /** A share of the events is enough for a slow way. */
  readonly share: number;
}

const ways: readonly Way[] = [
  {
    name: "seed's way: one request per event, one at a time",
    options: { batch: { size: 1, waitMs: 0 }, inFlight: 1 },
    model: (url) => http.rows(url, { single: true }),
    share: 0.05,
  },
  {
    name: 'defaults: 32 rows, 4 calls in flight',
    options: { batch: { size: 32, waitMs: 5 }, inFlight: 4 },
    model: (url) => http.rows(url),
    share: 1,
  },
  {
    name: '256 rows, 4 calls in flight',
    options: { batch: { size: 256, waitMs: 5 }, inFlight: 4 },
    model: (url) => http.rows(url),
    share: 1,
  },
];

/** Answers a row or a list of rows, one call after the other, as one worker of a Python server does. */
function serve(): void {
  let free = Promise.resolve();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Customer | Customer[];
    const rows = Array.isArray(body) ? body.length : 1;
    free = free.then(() => spend(CALL_MS + rows * ROW_MS));
    await free;
    const answer = { probability: 0.5 };
    response.end(JSON.stringify(Array.isArray(body) ? body.map(() => answer) : answer));
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`));
}

async function spend(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

async function rateOf({ options, model, share }: Way, url: string, brokers: string[], events: number): Promise<number> {
  const count = Math.max(200, Math.round(events * share));
  const app = new App({ id: `bench-${Math.random().toString(36).slice(2)}`, brokers });
  const customers = app.topic(`${app.id}-in`, { key: string(), value: json(Customer), partitions: 2 });
  const predictions = app.topic(`${app.id}-out`, { key: string(), value: json(Prediction), partitions: 2 });
  app.agent(
    'predict',
    customers,
    inference({
      ...options,
      model: model(url),
      features: (customer: Customer) => customer,
      result: (customer: Customer, answer: { probability: number }) => ({ ...customer, ...answer }),
    }),
    { to: predictions },
  );
  await (await (await app.client()).admin()).createTopics(app.topicSpecs());
  for (let from = 0; from < count; from += 1_000) {
    const part = Array.from({ length: Math.min(1_000, count - from) }, (_, i) => from + i);
    await Promise.all(part.map((n) => customers.send({ key: `k${n}`, value: { age: n % 90, balance: n } })));
  }
  const worker = await app.start();
  const finished = () => worker.stats().agents.predict?.finished ?? 0;
  const span = await between(finished, Math.round(count / 10), count);
  await app.stop();
  return (count - span.from) / span.took;
}

/** Time from about the first tenth of the events to the last, so that joining the group and warming up do not count. */
async function between(finished: () => number, from: number, to: number): Promise<{ from: number; took: number }> {
  while (finished() < from) await new Promise((resolve) => setTimeout(resolve, 1));
  const begun = finished();
  const startedAt = performance.now();
  while (finished() < to) await new Promise((resolve) => setTimeout(resolve, 1));
  return { from: begun, took: (performance.now() - startedAt) / 1000 };
}

async function main(): Promise<void> {
  const events = Number(process.argv[2] ?? 20_000);
  const given = process.env.KAFKA_BROKERS?.split(',');
  const broker = given === undefined ? await startBrokerThread() : undefined;
  const brokers = given ?? [broker?.address ?? ''];
  const server = new Worker(new URL(import.meta.url));
  const [url] = (await once(server, 'message')) as [string];
  console.log(`${events} events, broker at ${brokers.join(',')}, model: ${CALL_MS} ms a call and ${ROW_MS} ms a row, one call at a time\n`);
  let first: number | undefined;
  for (const way of ways) {
    const rate = await rateOf(way, url, brokers, events);
    first ??= rate;
    console.log(
      `${way.name.padEnd(52)} ${Math.round(rate).toLocaleString('en').padStart(8)} events/s ${(rate / first).toFixed(1).padStart(7)} x`,
    );
  }
  await server.terminate();
  await broker?.close();
}

if (isMainThread) await main();
else serve();
