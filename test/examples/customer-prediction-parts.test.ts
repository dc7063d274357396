import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bandOf, describeBand, isInBand } from '../../examples/customer-prediction/band.ts';
import type { Customer } from '../../examples/customer-prediction/customer.ts';
import { simulate } from '../../examples/customer-prediction/simulator.ts';
import { wrongJobs } from '../../examples/customer-prediction/start/job-answers.ts';
import { Tally } from '../../examples/customer-prediction/start/tally.ts';

describe('the age band', () => {
  it('is seniors where nothing is said, else what is said', () => {
    expect(bandOf({})).toEqual({ min: 60 });
    expect(bandOf({ MIN_AGE: '', MAX_AGE: '' })).toEqual({ min: 60 });
    expect(bandOf({ MIN_AGE: '25', MAX_AGE: '34' })).toEqual({ min: 25, max: 34 });
    expect(bandOf({ MAX_AGE: '24' })).toEqual({ max: 24 });
    expect(() => bandOf({ MIN_AGE: 'old' })).toThrow(/MIN_AGE must be a number of years, got "old"/);
  });

  it('includes its limits', () => {
    expect([24, 25, 34, 35].map((age) => isInBand(age, { min: 25, max: 34 }))).toEqual([false, true, true, false]);
    expect([59, 60].map((age) => isInBand(age, { min: 60 }))).toEqual([false, true]);
  });

  it('has a name', () => {
    expect([{ min: 60 }, { max: 24 }, { min: 25, max: 34 }, {}].map(describeBand)).toEqual([
      '60 and over',
      'up to 24',
      '25 to 34',
      'any age',
    ]);
  });
});

describe('the tally', () => {
  function tally(): Tally {
    const made = new Tally({ min: 60 });
    made.expect('young', 30);
    made.expect('old', 60);
    return made;
  }

  it('is complete when every customer has what it must have', () => {
    const count = tally();
    count.record('prediction', 'young', 'No');
    count.record('prediction', 'old', 'Yes');
    count.record('forwarded', 'old');
    expect(count.isComplete).toBe(false);
    expect(count.counts().lost).toBe(1);
    count.record('bandPrediction', 'old');
    expect(count.isComplete).toBe(true);
    expect(count.counts()).toEqual({
      sent: 2,
      predicted: 2,
      yes: 1,
      no: 1,
      ageBand: { min: 60, max: null, forwarded: 1, predicted: 1 },
      lost: 0,
      duplicates: 0,
      deadLettered: 0,
    });
  });

  it('passes over the records of other runs', () => {
    const count = tally();
    expect(count.record('prediction', 'stranger', 'Yes')).toBe(false);
    expect(count.counts()).toMatchObject({ sent: 2, predicted: 0, yes: 0, lost: 2 });
  });

  it('counts what came twice, and what should not have come', () => {
    const count = tally();
    for (const key of ['young', 'young', 'old']) count.record('prediction', key, 'No');
    count.record('forwarded', 'young');
    expect(count.counts()).toMatchObject({ predicted: 2, no: 2, duplicates: 2 });
  });

  it('does not call lost what has a dead letter', () => {
    const count = tally();
    count.record('deadLetter', 'old');
    count.record('prediction', 'young', 'No');
    expect(count.isComplete).toBe(true);
    expect(count.counts()).toMatchObject({ lost: 0, deadLettered: 1 });
  });
});

describe('the table of answers by job', () => {
  const answers = (counts: Record<string, readonly [yes: number, no: number]>) =>
    new Map(Object.entries(counts).map(([job, [yes, no]]) => [job, { yes, no }]));

  it('is right when it has counted what this run published, beside what it had before', () => {
    const before = answers({ student: [3, 4], retired: [1, 0] });
    const after = answers({ student: [4, 6], retired: [1, 0], services: [0, 1] });
    expect(wrongJobs(before, after, answers({ student: [1, 2], services: [0, 1] }))).toEqual([]);
  });

  it('is wrong when an answer is missing, is counted twice, or belongs to no prediction', () => {
    const after = answers({ student: [1, 2], retired: [1, 0] });
    expect(wrongJobs(new Map(), after, answers({ student: [1, 1], retired: [2, 0] }))).toEqual(['retired', 'student']);
    expect(wrongJobs(new Map(), after, answers({ student: [1, 2] }))).toEqual(['retired']);
    expect(wrongJobs(new Map(), new Map(), answers({ services: [1, 0] }))).toEqual(['services']);
  });
});

describe('the simulator', () => {
  const header = 'age;job;marital;education;default;balance;housing;loan;day;duration;campaign;pdays;previous;poutcome';
  const row = (age: string | number) => `${age};"admin.";"single";"tertiary";"no";10;"yes";"no";5;100;1;-1;0;"unknown"`;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamer-simulator-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function simulated(
    lines: readonly string[],
    options: { rate?: number; limit?: number; send?: (key: string, customer: Customer) => Promise<unknown>; signal?: AbortSignal } = {},
  ) {
    const file = join(folder, 'customers.csv');
    await writeFile(file, [header, ...lines].join('\n'));
    const sent: Array<{ key: string; customer: Customer; at: number }> = [];
    const rejected: Array<{ line: number; reason: string }> = [];
    const result = await simulate({
      file,
      rate: options.rate ?? 0,
      limit: options.limit,
      signal: options.signal ?? new AbortController().signal,
      send: async (key, customer) => {
        sent.push({ key, customer, at: performance.now() });
        await options.send?.(key, customer);
      },
      onRejected: (line, reason) => rejected.push({ line, reason }),
    });
    return { result, sent, rejected };
  }

  it('sends every row under a uuid of its own', async () => {
    const { result, sent } = await simulated([row(30), row(40)]);
    expect(result).toEqual({ sent: 2, rejected: 0 });
    expect(sent.map(({ customer }) => customer.age)).toEqual([30, 40]);
    expect(sent[0]?.customer).toMatchObject({ job: 'admin.', balance: 10, pdays: -1 });
    expect(Object.keys(sent[0]?.customer ?? {})).toHaveLength(14);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(2);
    expect(sent[0]?.key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('reports rows that are no customers, by line, and goes on', async () => {
    const { result, sent, rejected } = await simulated([row(30), row('old'), '1;2', row(''), row(50)]);
    expect(result).toEqual({ sent: 2, rejected: 3 });
    expect(sent.map(({ customer }) => customer.age)).toEqual([30, 50]);
    expect(rejected).toEqual([
      { line: 3, reason: 'age must be a number, got "old"' },
      { line: 4, reason: '2 fields where the header has 14' },
      { line: 5, reason: 'age is missing' },
    ]);
  });

  it('never runs ahead of the pace', async () => {
    const start = performance.now();
    const { sent } = await simulated([1, 2, 3, 4, 5, 6].map(row), { rate: 50 });
    const early = sent.filter(({ at }, index) => at - start < index * 20 - 5); // a timer may fire a little early
    expect(sent).toHaveLength(6);
    expect(early).toEqual([]);
  });

  it('stops at the limit and at the signal', async () => {
    expect((await simulated([1, 2, 3].map(row), { limit: 2 })).result.sent).toBe(2);
    const controller = new AbortController();
    const send = async () => controller.abort();
    expect((await simulated([1, 2, 3].map(row), { rate: 1, signal: controller.signal, send })).result.sent).toBe(1);
  });

  it('waits for acknowledgements rather than holding the whole file in memory', async () => {
    let open = 0;
    let most = 0;
    const send = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
    };
    expect(
      (
        await simulated(
          Array.from({ length: 5_000 }, (_, n) => row(n)),
          { send },
        )
      ).result.sent,
    ).toBe(5_000);
    expect(most).toBeLessThanOrEqual(2_000);
  });

  it('fails with the first failure to send', async () => {
    const send = async () => Promise.reject(new Error('no broker'));
    await expect(simulated([row(1), row(2)], { send })).rejects.toThrow('no broker');
  });

  it('refuses a file of other columns', async () => {
    const file = join(folder, 'other.csv');
    await writeFile(file, 'age,name\n1,2\n');
    const options = { file, rate: 0, signal: new AbortController().signal, send: async () => {}, onRejected: () => {} };
    await expect(simulate(options)).rejects.toThrow(/no column job/);
  });
});
