import { setTimeout as delay } from 'node:timers/promises';
import { simulate } from '../simulator.ts';
import type { Summary } from './display.ts';
import { committedAnswers, wrongJobs } from './job-answers.ts';
import type { Observation } from './observation.ts';
import { type Parts, type PartsOptions, startParts } from './parts.ts';

export interface RunOptions extends PartsOptions {
  readonly file: string;
  /** Customers per second; 0 = as fast as it goes. */
  readonly rate: number;
}

/** Changelog of the table "answers". */
const ANSWERS = 'customer-prediction-answers-changelog';
const TICK_MS = 50;
/** Time between two looks at what the workers have committed. */
const DRAIN_LOOK_MS = 1_000;
/** Without anything new for so long, something is stuck. */
const STALL_MS = 60_000;

/**
 * Runs the example whole and counts what came out. Whatever happens, all that was started is stopped.
 *
 * @throws the signal's reason when it is aborted; Error when a part cannot be started, ends early or gets stuck
 */
export async function run(options: RunOptions): Promise<Summary> {
  const parts = await startParts(options);
  try {
    return await stream(options, parts);
  } finally {
    options.display.endStatus();
    await parts.stop();
  }
}

async function stream({ band, file, rate, signal, display }: RunOptions, parts: Parts): Promise<Summary> {
  const [{ Observation }, { customers }] = await Promise.all([import('./observation.ts'), import('../app.ts')]);
  const before = await committedAnswers(parts, ANSWERS);
  const observation = new Observation(parts.client, parts.admin, band, display);
  parts.onStop(() => observation.close());
  await abortable(Promise.all([observation.open(), parts.workers.assigned(customers.partitions)]), signal);
  for (const line of parts.workers.describe()) display.line(`  ${line}`);
  display.line(`streaming ${file}`);

  const simulation = new AbortController();
  parts.onStop(() => simulation.abort());
  const startedAt = performance.now();
  const sending = simulate({
    file,
    rate,
    signal: simulation.signal,
    send: (key, customer) => observation.send(key, customer.age, () => customers.send({ key, value: customer })),
    onRejected: (line, reason) => display.line(`line ${line} of ${file} is no customer and was not sent: ${reason}`),
  });
  await abortable(Promise.all([sending, completion(observation, parts, sending, rate)]), signal);
  await abortable(drained(parts), signal);
  const seconds = (observation.lastRecordAt - startedAt) / 1_000;

  // What the workers still send while they stop belongs to the count.
  await abortable(parts.workers.stop(), signal);
  await abortable(observation.catchUp(), signal);
  observation.show(true);
  const { rejected } = await sending;
  const counts = observation.tally.counts();
  const { jobs } = observation.tally;
  const wrong = wrongJobs(before, await committedAnswers(parts, ANSWERS), jobs);
  return {
    ...counts,
    jobs: Object.fromEntries(jobs),
    jobsWrong: wrong,
    firstPredictionMs: observation.firstPredictionAt === undefined ? null : Math.round(observation.firstPredictionAt),
    eventsPerSecond: seconds > 0 ? Math.round(counts.predicted / seconds) : 0,
    broker: parts.broker,
    ...(rejected > 0 && { rejected }),
  };
}

/** Resolves when all that was sent is accounted for, or when the workers have finished all there is and it is not. */
async function completion(observation: Observation, parts: Parts, sending: Promise<unknown>, rate: number): Promise<void> {
  let isSent = false;
  sending.then(
    () => (isSent = true),
    () => (isSent = true),
  );
  const patience = Math.max(STALL_MS, rate > 0 ? 3_000 / rate : 0);
  let news = { count: -1, at: performance.now() };
  let lookedAt = performance.now();
  while (!(isSent && observation.tally.isComplete)) {
    await delay(TICK_MS);
    observation.show();
    parts.check();
    const now = performance.now();
    if (observation.news !== news.count) news = { count: observation.news, at: now };
    if (now - news.at > patience) throw stuck(observation, patience);
    if (!isSent || now - lookedAt < DRAIN_LOOK_MS) continue;
    lookedAt = now;
    if (await isDrained(parts)) return;
  }
}

/** The predictions are out; waits until they are counted too, and that is committed. */
async function drained(parts: Parts): Promise<void> {
  for (const deadline = Date.now() + STALL_MS; !(await isDrained(parts)) && Date.now() < deadline; ) {
    parts.check();
    await delay(2 * TICK_MS);
  }
}

/** Have the workers committed all there is on the topics that they read? */
async function isDrained({ admin }: Parts): Promise<boolean> {
  const { app } = await import('../app.ts');
  const topics = [...new Set([...app.agents.values()].flatMap(({ sources }) => sources.map(({ name }) => String(name))))];
  const committed = await admin.groupOffsets(app.id, topics);
  const ends = (await Promise.all(topics.map((topic) => admin.watermarks(topic)))).flat();
  return ends.every(
    ({ topic, partition, latest }) =>
      latest === 0 || committed.some((place) => place.topic === topic && place.partition === partition && place.offset >= latest),
  );
}

function stuck({ tally }: Observation, patience: number): Error {
  const { sent, predicted } = tally.counts();
  const next = 'Look for "waits" above: it names the agent and what it waits for.';
  return new Error(`nothing new for ${patience / 1_000} s: ${predicted} of ${sent} customers are predicted.\n  ${next}`);
}

/** Rejects as soon as the signal is aborted, whatever the promise does. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: () => void = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    promise.catch(() => {});
  }
}
