import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort, run, withStreamer } from '../cli/helpers.ts';
import { until } from '../helpers/app.ts';

const START = fileURLToPath(new URL('../../dist/examples/car-price/start.js', import.meta.url));

interface Started {
  readonly process: ChildProcess;
  /** What it has said so far. */
  said(): string;
  /** Resolves to its exit code, or the signal that ended it. */
  readonly end: Promise<number | string>;
}

function start(...args: string[]): Started {
  const env = { ...process.env, KAFKA_BROKERS: '', STREAMER_BROKERS: '' };
  const child = spawn(process.execPath, [START, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { process: child, said: () => text, end: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string) };
}

/** Port of the database that a run has started. */
async function databaseOf({ said, process: child }: Started): Promise<number> {
  const text = await until(said, (seen) => /cars \d/.test(seen) || child.exitCode !== null, 60_000);
  return Number(/postgres postgresql:\/\/\S+:(\d+)\//.exec(text)?.[1] ?? Number.NaN);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([, ppid]) => ppid === parent).map(([pid]) => pid as number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm run example:car-price', () => {
  it('prices every car that is left, once, as the model does, and prints the summary', async () => {
    const system = start('--json', '--limit', '200', '--rate', '0');
    const code = await system.end;
    const summary = JSON.parse(system.said().trim().split('\n').at(-1) ?? '') as Record<string, number>;
    expect({ code, ...summary }).toEqual({
      code: 0,
      inserted: 200,
      updated: 20,
      deleted: 8,
      priced: 192,
      lost: 0,
      duplicates: 0,
      mismatches: 0,
      p50Ms: expect.any(Number),
      p99Ms: expect.any(Number),
      rowsPerSecond: expect.any(Number),
    });
  }, 90_000);

  it.concurrent.each(['SIGINT', 'SIGKILL'] as const)(
    'leaves no server behind when it ends by %s',
    async (signal) => {
      const system = start('--rate', '50');
      const port = await databaseOf(system);
      expect(await isOpen(port)).toBe(true);
      system.process.kill(signal);
      expect(await system.end).toBe(signal === 'SIGINT' ? 130 : 'SIGKILL');
      await until(
        () => isOpen(port),
        (seen) => !seen,
        30_000,
      );
    },
    90_000,
  );

  it.concurrent.each([
    ['--file', '/no/such.csv', 'cannot read /no/such.csv'],
    ['--file', 'package.json', 'has no column model'],
    ['--limit', '0', '--limit must be a number of at least 1'],
    ['--speed', '5', "unknown option '--speed'"],
  ])('refuses %s %s', async (option, value, reason) => {
    const system = start(option, value);
    expect(await system.end).toBe(2);
    expect(system.said()).toContain(reason);
  });
});

it('streamer dev -A car-price stays up, and a car that is inserted gets a price', async () => {
  const [postgres, model] = [await freePort(), await freePort()];
  const env = {
    KAFKA_BROKERS: '',
    POSTGRES_URL: `postgresql://postgres:postgres@127.0.0.1:${postgres}/car_database`,
    MODEL_URL: `http://127.0.0.1:${model}/predict`,
  };
  await withStreamer(['dev', '-A', 'car-price', '--no-watch'], { env }, async (dev) => {
    await dev.until((stdout) => stdout.includes(env.POSTGRES_URL) && stdout.includes('ready in'), 60_000);
    // The worker is started when Postgres can be reached: nothing had to be waited for.
    expect(dev.stderr).not.toMatch(/cannot be reached|failing|waits|warning/);
    const car = ['insert', '--model', 'Fiesta', '--year', '2017', '--mileage', '15944', '--json'];
    const inserted = await run(['run', '-A', 'car-price', ...car], { env });
    expect(inserted).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(inserted.stdout)).toMatchObject({ brand: 'ford', model: 'Fiesta', year: 2017, suggested_price: expect.any(Number) });
    // Killed, so that it cannot stop what it has started.
    const children = childrenOf(Number(dev.process.pid));
    expect(children.length).toBeGreaterThanOrEqual(2);
    await dev.end('SIGKILL');
    await until(
      async () => children.some(isAlive) || (await isOpen(postgres)),
      (left) => !left,
      30_000,
    );
  });
  const refused = await run(['run', '-A', 'car-price', 'insert', '--model', 'Fiesta'], { env });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/cannot be reached[\s\S]*streamer dev -A car-price/);
}, 120_000);

it('the training prints RMSE, MAE and MAPE of training and test', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'car-price-train-'));
  try {
    const train = fileURLToPath(new URL('../../dist/examples/car-price/model/train.js', import.meta.url));
    const printed = execFileSync(process.execPath, [train, '--out', join(folder, 'weights.json')], { encoding: 'utf8' });
    expect(printed).toMatch(/^ +cars +RMSE +MAE +MAPE *\n/);
    for (const name of ['training', 'test'])
      expect(printed).toMatch(new RegExp(`^${name} +[\\d,]+ +\\d+\\.\\d +\\d+\\.\\d +\\d+\\.\\d\\d %$`, 'm'));
  } finally {
    await rm(folder, { recursive: true });
  }
});
