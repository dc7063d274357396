import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort, jsonLines, run, Streamer, withFolder, withStreamer } from '../cli/helpers.ts';
import { until } from '../helpers/app.ts';
import { readAll, withAdmin } from '../helpers/broker.ts';

/**
 * The shipped app as its users run it: separate processes, fixed topics and group. So all that runs it is in this file,
 * one after the other, and counts only the customers of its own run.
 */
const APP = ['-A', 'customer-prediction'];
const SAMPLE = fileURLToPath(new URL('../../examples/customer-prediction/sample/customers.csv', import.meta.url));
const REAL = join(process.env.DATA_DIR ?? 'no-data-dir', 'bank_marketing_data.csv');
const FILE = existsSync(REAL) ? REAL : SAMPLE;

async function endOf(topic: string): Promise<number> {
  return withAdmin(async (admin) => (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0));
}

/** Independent of the code under test: how often each key lies in a topic. */
async function keyCounts(topic: string, wanted?: ReadonlySet<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { key } of await readAll(topic)) {
    const name = String(key);
    if (wanted === undefined || wanted.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Keys that were not in the topic before. */
async function newKeys(topic: string, before: ReadonlyMap<string, number>): Promise<Set<string>> {
  return new Set([...(await keyCounts(topic)).keys()].filter((key) => !before.has(key)));
}

type Answers = Record<string, { readonly yes: number; readonly no: number }>;

const byJob = (jobs: ReadonlyMap<string, Answers[string]>): Answers => Object.fromEntries([...jobs].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Independent of the code under test: the predictions of these customers, counted by job and answer. */
async function publishedByJob(keys: ReadonlySet<string>): Promise<Answers> {
  const jobs = new Map<string, Answers[string]>();
  for (const { key, value } of await readAll('customer_predictions')) {
    if (!keys.has(String(key))) continue;
    const { job, prediction } = JSON.parse(String(value)) as { job: string; prediction: 'Yes' | 'No' };
    const { yes, no } = jobs.get(job) ?? { yes: 0, no: 0 };
    jobs.set(job, prediction === 'Yes' ? { yes: yes + 1, no } : { yes, no: no + 1 });
  }
  return byJob(jobs);
}

/** What the table holds, as its users see it. */
async function countedByJob(): Promise<Answers> {
  const { stdout, code } = await run(['tables', 'dump', 'answers', ...APP, '--json']);
  expect(code).toBe(0);
  return byJob(new Map(jsonLines(stdout).map(({ key, value }) => [String(key), value as Answers[string]])));
}

function grownBy(before: Answers, after: Answers): Answers {
  const jobs = Object.entries(after).map(([job, { yes, no }]): [string, Answers[string]] => [
    job,
    { yes: yes - (before[job]?.yes ?? 0), no: no - (before[job]?.no ?? 0) },
  ]);
  return byJob(new Map(jobs.filter(([, { yes, no }]) => yes > 0 || no > 0)));
}

/** Two workers that share the partitions, and a model server; all ended afterwards. */
async function withSystem(use: (system: { one: Streamer; two: Streamer; env: Record<string, string> }) => Promise<void>): Promise<void> {
  const port = await freePort();
  const env = { MODEL_URL: `http://127.0.0.1:${port}/predict` };
  await withStreamer(['run', ...APP, 'model', '--port', String(port)], {}, async (model) => {
    await model.until((stdout) => stdout.includes(String(port)));
    await withStreamer(['worker', ...APP, '--json'], { env }, async (one) => {
      await withStreamer(['worker', ...APP, '--json'], { env }, async (two) => {
        await Promise.all([one, two].map((worker) => worker.until(() => lastAssignment(worker).length === 4)));
        await use({ one, two, env });
      });
    });
  });
}

function lastAssignment(worker: Streamer): string[] {
  const assigned = worker.events.filter(({ event }) => event === 'assigned').at(-1);
  return (assigned?.['partitions'] as string[] | undefined) ?? [];
}

beforeAll(async () => {
  const created = await run(['topics', 'create', ...APP]);
  expect(created.stderr).toBe('');
  expect(created.code).toBe(0);
});

describe('customer-prediction in separate terminals', () => {
  it('two workers share the partitions; one that is stopped hands its partition over; nothing is lost or doubled', async () => {
    const before = await keyCounts('customer_pred');
    const countedBefore = await countedByJob();
    await withSystem(async ({ one, two }) => {
      expect([...lastAssignment(one), ...lastAssignment(two)].sort()).toEqual([
        'customer-prediction-answers-repartition[0]',
        'customer-prediction-answers-repartition[1]',
        'customer_pred[0]',
        'customer_pred[1]',
        'customer_predictions[0]',
        'customer_predictions[1]',
        'customer_seniors[0]',
        'customer_seniors[1]',
      ]);
      const simulator = new Streamer(['run', ...APP, 'simulate', '--file', SAMPLE, '--rate', '0', '--limit', '1500']);
      await one.untilEvent('progress', ({ events }) => Number(events) > 0);
      const stopped = await two.end('SIGTERM');
      expect(stopped.code).toBe(0);
      expect((await simulator.finished).code).toBe(0);
      await one.until(() => lastAssignment(one).length === 8);
      const sent = await newKeys('customer_pred', before);
      expect(sent.size).toBe(1_500);
      const predicted = await until(
        () => keyCounts('customer_predictions', sent),
        (counts) => counts.size === 1_500,
        20_000,
      );
      expect([...predicted.values()].every((count) => count === 1)).toBe(true);
      const forwarded = await keyCounts('customer_seniors', sent);
      await until(
        () => keyCounts('customer_senior_predictions', sent),
        (counts) => counts.size === forwarded.size,
      );
      const published = await publishedByJob(sent);
      const counted = await until(
        async () => grownBy(countedBefore, await countedByJob()),
        (jobs) => JSON.stringify(jobs) === JSON.stringify(published),
        20_000,
      );
      expect(counted).toEqual(published);
      expect((await one.end('SIGINT')).code).toBe(0);
    });
  }, 90_000);

  it('kill -9 of one of two workers half-way loses nothing', async () => {
    const before = await keyCounts('customer_pred');
    await withSystem(async ({ one, two }) => {
      const simulator = new Streamer(['run', ...APP, 'simulate', '--file', FILE, '--rate', '1500']);
      await two.untilEvent('progress', ({ events }) => Number(events) >= 700);
      two.process.kill('SIGKILL');
      const { stdout, code } = await simulator.finished;
      expect(stdout).toMatch(/4,?521/);
      expect(code).toBe(0);
      await one.until(() => lastAssignment(one).length === 8, 30_000);
      const sent = await newKeys('customer_pred', before);
      expect(sent.size).toBe(4_521);
      const predicted = await until(
        () => keyCounts('customer_predictions', sent),
        (counts) => counts.size === 4_521,
        30_000,
      );
      const doubled = [...predicted.values()].filter((count) => count > 1).length;
      expect(doubled).toBeLessThan(1_500);
    });
  }, 120_000);

  it('a bad CSV row and a bad record are named and kept, and the rest goes on', async () => {
    const [letters, predictions] = await Promise.all([endOf('customer_pred.customer-prediction.dlq'), endOf('customer_predictions')]);
    await withSystem(async ({ one }) => {
      await withFolder(async (folder) => {
        const file = join(folder, 'bad.csv');
        const header =
          '"age";"job";"marital";"education";"default";"balance";"housing";"loan";"contact";"day";"month";"duration";"campaign";"pdays";"previous";"poutcome"';
        const good = '30;"unemployed";"married";"primary";"no";1787;"no";"no";"cellular";19;"oct";79;1;-1;0;"unknown"';
        await writeFile(file, [header, good, good.replace('30;', 'thirty;'), '1;2;3', good].join('\n'));
        const simulated = await run(['run', ...APP, 'simulate', '--file', file, '--rate', '0']);
        expect(simulated.code).toBe(1);
        expect(simulated.stderr).toMatch(/line 3\b.*age/s);
        expect(simulated.stderr).toMatch(/line 4\b/);
      });
      const sent = await run(['send', 'customer_pred', '-k', 'bad', '{"age": 3']);
      expect(sent.code).toBe(0);
      const noAge = await run(['send', 'customer_pred', '-k', 'no-age', '{"job":"unemployed"}']);
      expect(noAge.code).toBe(0);
      await one.until(() => true);
      await until(
        () => endOf('customer_pred.customer-prediction.dlq'),
        (end) => end >= letters + 2,
      );
      await until(
        () => endOf('customer_predictions'),
        (end) => end >= predictions + 2,
      );
      const codes = (await readAll('customer_pred.customer-prediction.dlq'))
        .slice(-2)
        .map(({ headers }) => String(headers?.['streamer.dlq.code']));
      expect(codes.sort()).toEqual(['DECODE', 'VALIDATION']);
    });
  }, 60_000);
});

describe('npm start', () => {
  const START = fileURLToPath(new URL('../../dist/examples/customer-prediction/start.js', import.meta.url));

  it.runIf(existsSync(REAL))(
    'gives the known counts for the real file, band by band',
    async () => {
      for (const [args, forwarded] of [
        [['--min-age', '60'], 174],
        [['--max-age', '24'], 67],
        [['--min-age', '25', '--max-age', '34'], 1_405],
      ] as const) {
        const { stdout, stderr, code } = await start(['--json', '--file', REAL, ...args]);
        expect(code, stderr).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({
          sent: 4_521,
          predicted: 4_521,
          ageBand: { forwarded, predicted: forwarded },
          lost: 0,
          duplicates: 0,
          deadLettered: 0,
        });
      }
    },
    120_000,
  );

  it('runs on the generated sample and prints what to look at next', async () => {
    const { stdout, stderr, code } = await start([]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/sent\s+4,521/);
    expect(stdout).toMatch(/by job\s+yes most often: .* %; the table agrees on all 12 jobs/);
    expect(stdout).toMatch(/lost\s+0/);
    expect(stdout).toMatch(/next/);
  }, 60_000);

  async function start(args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [START, ...args], {
      env: { ...process.env, KAFKA_BROKERS: process.env.TEST_BROKERS },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { stdout, stderr, code };
  }
});
