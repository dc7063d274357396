import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { App } from 'streamerjs';
import { serveModel } from 'streamerjs/web';
import { PREDICTED, TABLE } from '../../examples/car-price/car.ts';
import { carsOf } from '../../examples/car-price/cars.ts';
import { priceModel } from '../../examples/car-price/model/price-model.ts';
import { PostgresServer } from '../../examples/car-price/postgres/server.ts';
import { CarTables } from '../../examples/car-price/start/car-tables.ts';
import { embeddedBroker } from '../faults/system/broker.ts';
import { createTopicsOf } from '../helpers/app.ts';
import { CliProcess } from './cli-process.ts';
import { partApp } from './part.ts';
import { RandomChanges } from './random-changes.ts';

export interface KillRunOptions {
  readonly transactions: number;
  /** Every so many transactions the next of `victims` is killed. */
  readonly killEvery: number;
  /** In turn; those of one list at once. */
  readonly victims: ReadonlyArray<readonly Victim[]>;
  readonly seed: number;
  say?(text: string): void;
}

export interface KillRunResult {
  readonly kills: number;
  readonly cars: number;
  /** Rows of the table of prices that are not what the cars and the model make them, or are not there. */
  readonly wrong: number;
  readonly deadLetters: number;
  /** Does a replay of the whole topic leave the table as it is? */
  readonly isReplaySafe: boolean;
  readonly changeRecords: number;
  readonly priceRecords: number;
}

const PARTS = ['source', 'agent', 'sink'] as const;
export type Victim = (typeof PARTS)[number] | 'broker' | 'postgres';
const APP = fileURLToPath(new URL('./part-app.ts', import.meta.url));
const example = (path: string) => fileURLToPath(new URL(`../../examples/car-price/${path}`, import.meta.url));
const SETTLED_MS = 120_000;
/** A member that was killed is given up soon. */
const QUICK = { STREAMER_SESSION_TIMEOUT_MS: '6000', STREAMER_HEARTBEAT_INTERVAL_MS: '1000' };

/** Transactions on the table of cars while every part of the system is killed (SIGKILL) and started again; then the tables are compared. */
export async function killRun({ transactions, killEvery, victims, seed, say = () => {} }: KillRunOptions): Promise<KillRunResult> {
  const cleanups: Array<() => unknown> = [];
  try {
    const postgres = await PostgresServer.start();
    cleanups.push(() => postgres.stop());
    const broker = await embeddedBroker({ onDisk: true });
    cleanups.push(() => broker.close());
    const weights = example('model/weights.json');
    const model = await serveModel({ model: priceModel(weights), port: 0 });
    cleanups.push(() => model.close());
    await query(postgres.url, readFileSync(example('table.sql'), 'utf8'));
    const env = { POSTGRES_URL: postgres.url, MODEL_URL: model.url, KAFKA_BROKERS: broker.address, ...QUICK };
    for (const PART of PARTS) await createTopics({ ...env, PART });
    const start = (PART: string) => new CliProcess(['worker', '-A', APP], { ...env, PART });
    const parts = new Map(PARTS.map((part) => [part as string, start(part)]));
    cleanups.push(() => Promise.all([...parts.values()].map((part) => part.stop('SIGKILL'))));
    const kill = async (victim: Victim): Promise<unknown> => {
      if (victim === 'broker') return broker.killAndRestart?.();
      if (victim === 'postgres') return postgres.kill().then(() => postgres.run());
      await parts.get(victim)?.stop('SIGKILL');
      return parts.set(victim, start(victim));
    };
    const killNext = async (turn: number): Promise<void> => {
      const next = victims[turn % victims.length] ?? [];
      say(`kill ${turn + 1}: ${next.join(', ')}`);
      const before = await picture(postgres.url);
      await Promise.all(next.map(kill));
      await moved(postgres.url, before).catch((error: Error) => {
        const words = [...parts].map(([part, child]) => `${part}:\n  ${child.words}`);
        throw new Error(`${error.message}; ${words.join('\n')}`);
      });
    };
    const { cars } = await carsOf(example('sample/cars.csv'));
    const changes = new RandomChanges(postgres.url, cars, seed);
    cleanups.push(() => changes.close());
    await changes.transact(0);
    const tables = await CarTables.open(postgres.url);
    cleanups.push(() => tables.close());
    if ((await settled(tables)).wrong > 0) throw new Error('the system did not begin to work');
    let kills = 0;
    let killing: Promise<void> = Promise.resolve();
    for (let number = 1; number <= transactions; number++) {
      await changes.transact(number);
      if (number % killEvery !== 0) continue;
      await killing;
      killing = killNext(kills++);
      killing.catch(() => {});
    }
    await killing;
    say(`${transactions} transactions and ${kills} kills done`);
    const { cars: count, wrong } = await settled(tables);
    const wrongPrices = wrong === 0 ? await tables.wrongPrices(weights) : 0;
    const admin = new App({ id: 'kill-run', brokers: [broker.address] });
    cleanups.push(() => admin.stop());
    const deadLetters = await recordsOf(admin, [`${PREDICTED}.parts-sink.dlq`, `car_database.public.${TABLE}.parts-agent.dlq`]);
    const isReplaySafe = await replayed(
      admin,
      postgres.url,
      () => new CliProcess(['worker', '-A', APP], { ...env, PART: 'sink', GROUP: 'again' }),
      env,
    );
    return {
      kills,
      cars: count,
      wrong: wrong + wrongPrices,
      deadLetters,
      isReplaySafe,
      changeRecords: await recordsOf(admin, [`car_database.public.${TABLE}`]),
      priceRecords: await recordsOf(admin, [PREDICTED]),
    };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function settled(tables: CarTables): Promise<{ cars: number; wrong: number }> {
  let wrong = Number.NaN;
  let cars = 0;
  for (const deadline = Date.now() + SETTLED_MS; wrong !== 0 && Date.now() < deadline; await pause(100)) {
    const seen = await tables.compare();
    wrong = seen.missing + seen.different + seen.left + seen.doubled;
    cars = seen.cars;
  }
  return { cars, wrong };
}

/** Changes with every price that is written. */
async function picture(url: string): Promise<string> {
  return JSON.stringify(await query(url, `select max(_streamer_offset), count(*), max(xmin::text::bigint) from ${PREDICTED}`));
}

/** Resolves when a price has been written since: then every part works again. */
async function moved(url: string, before: string): Promise<void> {
  for (const deadline = Date.now() + SETTLED_MS; (await picture(url)) === before; await pause(50)) {
    if (Date.now() > deadline) throw new Error(`nothing was written for ${SETTLED_MS / 1_000} s after a kill`);
  }
}

/** A sink with a group of its own reads the topic from its beginning; the table is looked at all the while. */
async function replayed(admin: App, url: string, start: () => CliProcess, env: Readonly<Record<string, string>>): Promise<boolean> {
  await createTopics({ ...env, PART: 'sink', GROUP: 'again' });
  const rows = async () => JSON.stringify(await query(url, `select * from ${PREDICTED} order by id`));
  const before = await rows();
  const sink = start();
  try {
    const kafka = await (await admin.client()).admin();
    const ends = await kafka.watermarks(PREDICTED);
    for (const deadline = Date.now() + SETTLED_MS; Date.now() < deadline; await pause(50)) {
      if ((await rows()) !== before) return false;
      const committed = await kafka.groupOffsets('again-sink', [PREDICTED]);
      const offsets = new Map(committed.map(({ partition, offset }) => [partition, offset]));
      const isThrough = ends.every(({ partition, latest }) => (offsets.get(partition) ?? 0) >= latest);
      if (isThrough) return true;
    }
    return false;
  } finally {
    await sink.stop('SIGKILL');
  }
}

async function createTopics(env: Readonly<Record<string, string>>): Promise<void> {
  const app = partApp(env);
  app.configure({ env: {} });
  await createTopicsOf(app).finally(() => app.stop());
}

async function recordsOf(admin: App, topics: readonly string[]): Promise<number> {
  const kafka = await (await admin.client()).admin();
  const marks = (await Promise.all(topics.map((topic) => kafka.watermarks(topic)))).flat();
  return marks.reduce((sum, { latest, earliest }) => sum + latest - earliest, 0);
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows as unknown[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
