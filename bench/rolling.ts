/**
 * A rolling restart of 4 workers that share 12 partitions, measured from outside: each worker is asked to end (SIGTERM) and
 * replaced, while each partition gets an event every 20 ms. A partition's pause is the longest time between two calls of a
 * handler for it, from the request until 2 s after the replacement is ready; a move is a change of the worker that is called.
 *
 *     npm run bench:rolling                                 on an embedded broker
 *     KAFKA_BROKERS=127.0.0.1:9092 npm run bench:rolling    on the Kafka given
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { App, each, json, string } from 'streamerjs';
import { startBrokerThread } from 'streamerjs/broker';

interface Call {
  readonly by: number;
  readonly partition: number;
  readonly at: number;
}

interface Window {
  readonly from: number;
  readonly to: number;
}

const WORKERS = 4;
const PARTITIONS = 12;
const EVERY_MS = 20;
const SETTLE_MS = 2_000;

async function main(): Promise<void> {
  const broker = process.env.KAFKA_BROKERS === undefined ? await startBrokerThread() : undefined;
  const brokers = broker?.address ?? String(process.env.KAFKA_BROKERS);
  const group = `bench-rolling-${randomUUID()}`;
  const app = new App({ id: `${group}-reader`, brokers });
  const input = app.topic(`${group}-in`, { key: string(), value: json(), partitions: PARTITIONS });
  const output = app.topic(`${group}-calls`, { key: string(), value: json(), partitions: 1 });
  const calls: Call[] = [];
  app.agent(
    'read',
    output,
    each((call) => void calls.push(call as Call)),
  );
  await (await (await app.client()).admin()).createTopics([
    ...app.topicSpecs(),
    { name: `${group}-in.${group}.dlq`, partitions: PARTITIONS },
  ]);
  await app.start();
  const isOver = new AbortController();
  const sent = load(input, isOver.signal);
  const windows = await roll({ BROKERS: brokers, GROUP: group });
  isOver.abort();
  const total = await sent;
  while (calls.length < total) await sleep(50);
  await app.stop();
  await broker?.close();
  console.log(
    JSON.stringify({
      broker: broker === undefined ? 'given' : 'embedded',
      workers: WORKERS,
      partitions: PARTITIONS,
      ...figures(calls, windows),
      events: total,
    }),
  );
}

/** Sends to each partition in turn; resolves to the number of events sent. */
async function load(
  input: { send(event: { key: string; value: unknown; partition: number }): Promise<unknown> },
  signal: AbortSignal,
): Promise<number> {
  let sent = 0;
  const pending: Array<Promise<unknown>> = [];
  while (!signal.aborted) {
    for (let partition = 0; partition < PARTITIONS; partition++) pending.push(input.send({ key: String(sent++), value: sent, partition }));
    await sleep(EVERY_MS);
  }
  await Promise.all(pending);
  return sent;
}

async function roll(env: Record<string, string>): Promise<Window[]> {
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => start(env)));
  await sleep(SETTLE_MS);
  const windows: Window[] = [];
  for (const [index, worker] of workers.entries()) {
    const from = Date.now();
    await end(worker);
    workers[index] = await start(env);
    await sleep(SETTLE_MS);
    windows.push({ from, to: Date.now() });
  }
  await Promise.all(workers.map(end));
  const last = await start(env);
  setTimeout(() => void end(last), 2 * SETTLE_MS);
  return windows;
}

async function start(env: Record<string, string>): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./contestants/rolling.js', import.meta.url));
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function figures(calls: readonly Call[], windows: readonly Window[]): Record<string, unknown> {
  const last = windows.at(-1)!.to;
  const pauses: number[] = [];
  let moves = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = calls.filter((call) => call.partition === partition && call.at <= last).sort((a, b) => a.at - b.at);
    const gaps = own.slice(1).map((call, index) => ({ from: own[index]!.at, to: call.at, moved: own[index]!.by !== call.by }));
    const since = windows[0]!.from;
    moves += gaps.filter(({ moved, to }) => moved && to >= since).length;
    for (const { from, to } of windows) {
      pauses.push(Math.max(0, ...gaps.filter((gap) => gap.to >= from && gap.from <= to).map((gap) => gap.to - gap.from)));
    }
  }
  pauses.sort((a, b) => a - b);
  const at = (share: number) => pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * share))];
  return { restarts: windows.length, moves, pauseMs: { p50: at(0.5), p90: at(0.9), max: at(1) } };
}

await main();
