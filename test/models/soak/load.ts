import { App, inference, json, retry, string } from 'streamerjs';
import type { Model } from 'streamerjs/models';
import { z } from 'zod';
import { until } from '../../helpers/app.ts';
import { readAll, unique } from '../../helpers/broker.ts';
import { POISON, type Row } from './servers.ts';

const KEYS = 97;
const POISONED = 12;
const Value = z.object({ n: z.number(), row: z.array(z.number()) });
const Out = z.object({ n: z.number(), answer: z.number() });

export interface LoadOptions {
  readonly brokers: readonly string[];
  readonly events: number;
  readonly rows: readonly Row[];
  /** What the library says to each row. */
  readonly predictions: readonly number[];
  readonly model: Model<Row, number>;
  /** What is done to the server meanwhile: each begins with events under way, and more come after it. */
  readonly disturb: ReadonlyArray<() => Promise<void>>;
}

export interface LoadResult {
  readonly events: number;
  readonly poison: number;
  /** Times that the breaker opened. */
  readonly opened: number;
  readonly largestLag: number;
  readonly seconds: number;
}

/**
 * Events with poison rows at random places, through an agent that asks the server, which is disturbed meanwhile.
 *
 * @throws Error with all that is wrong: an event lost, doubled, out of the order of its key, answered by another than its own answer, or dead-lettered
 * without being poison
 */
export async function load({ brokers, events, rows, predictions, model, disturb }: LoadOptions): Promise<LoadResult> {
  const poison = new Set<number>();
  while (poison.size < POISONED) poison.add(Math.floor(Math.random() * events));
  const rowOf = (n: number) => (poison.has(n) ? [POISON, 0, 0, 0] : [...(rows[n % rows.length] as Row)]);
  const app = new App({ id: unique('soak'), brokers: [...brokers], commitIntervalMs: 100, fetchWaitMs: 50 });
  const input = app.topic(unique('rows'), { key: string(), value: json(Value), partitions: 3 });
  const output = app.topic(unique('answers'), { key: string(), value: json(Out), partitions: 3 });
  app.agent(
    'predict',
    input,
    inference({
      model,
      features: ({ row }) => row,
      result: ({ n }, answer) => ({ n, answer }),
      batch: { size: 32, waitMs: 2 },
      timeoutMs: 1_000,
      breaker: { failures: 4, delayMs: 50, maxDelayMs: 500 },
    }),
    { to: output, onError: retry({ attempts: 2, delayMs: 20 }) },
  );
  const admin = await (await app.client()).admin();
  await admin.createTopics(app.topicSpecs());
  const worker = await app.start();
  const startedAt = performance.now();
  let largestLag = 0;
  const watch = setInterval(() => (largestLag = Math.max(largestLag, worker.stats().lag)), 20);
  try {
    const parts = disturb.length + 1;
    let sent = 0;
    for (let part = 0; part < parts; part++) {
      const end = Math.round(((part + 1) * events) / parts);
      const sending: Array<Promise<unknown>> = [];
      for (; sent < end; sent++) sending.push(input.send({ key: `k${sent % KEYS}`, value: { n: sent, row: rowOf(sent) } }));
      await disturb[part]?.();
      await Promise.all(sending);
    }
    const agent = () => worker.stats().agents['predict'];
    await until(
      () => agent()?.finished,
      (finished) => finished === events,
      300_000,
    );
    await until(
      () => worker.stats().lag,
      (lag) => lag === 0,
      60_000,
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const letters = (await readAll(`${input.name}.${app.id}.dlq`)).map(({ value }) => Value.parse(JSON.parse(String(value))).n);
    const wrong = [...outputsWrong(await readAll(output.name), events, poison, (n) => predictions[n % rows.length] as number)];
    if (letters.length !== poison.size || !letters.every((n) => poison.has(n)))
      wrong.push(`dead letters ${letters.sort((a, b) => a - b)}, poison ${[...poison].sort((a, b) => a - b)}`);
    if (wrong.length > 0) throw new Error(wrong.slice(0, 10).join('\n'));
    return { events, poison: poison.size, opened: agent()?.inference?.breaker.opened ?? 0, largestLag, seconds };
  } finally {
    clearInterval(watch);
    await app.stop();
    await model.close?.();
  }
}

type Records = Awaited<ReturnType<typeof readAll>>;

function* outputsWrong(records: Records, events: number, poison: ReadonlySet<number>, wanted: (n: number) => number): Generator<string> {
  if (records.length !== events - poison.size) yield `${records.length} outputs of ${events - poison.size}`;
  const last = new Map<string, number>();
  const seen = new Set<number>();
  for (const { key, value } of records) {
    const { n, answer } = Out.parse(JSON.parse(String(value)));
    if (poison.has(n)) yield `the poison ${n} was answered`;
    if (Math.fround(answer) !== Math.fround(wanted(n))) yield `${n} was answered ${answer}, and the library says ${wanted(n)}`;
    if (n <= (last.get(String(key)) ?? -1)) yield `${n} came after ${last.get(String(key))} of its key`;
    last.set(String(key), n);
    seen.add(n);
  }
  if (seen.size !== events - poison.size) yield `${seen.size} different events of ${events - poison.size}`;
}
