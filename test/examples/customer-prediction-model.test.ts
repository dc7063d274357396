import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Customer, customerOf } from '../../examples/customer-prediction/customer.ts';
import { answerOf, bankOf, seedAnswer, seedModel, trainedModel } from '../../examples/customer-prediction/model/bank.ts';
import { serveBank } from '../../examples/customer-prediction/model/server.ts';
import { evaluate, type LabelledRow, readLabelled, train } from '../../examples/customer-prediction/model/training.ts';
import { loadWeights } from '../../examples/customer-prediction/model/weights.ts';
import { linear } from '../../src/models/index.ts';
import type { ModelServer } from '../../src/web/index.ts';

const customer: Customer = {
  age: 30,
  job: 'unemployed',
  marital: 'married',
  education: 'primary',
  default: 'no',
  balance: 1787,
  housing: 'no',
  loan: 'no',
  day: 19,
  duration: 79,
  campaign: 1,
  pdays: -1,
  previous: 0,
  poutcome: 'unknown',
};

describe('the model', () => {
  const model = {
    intercept: -1,
    numbers: {
      age: { transform: 'plain', mean: 40, deviation: 10, weight: 2 },
      balance: { transform: 'log', mean: 0, deviation: 2, weight: 0.5 },
    },
    texts: { job: { unemployed: 0.25, student: 4 } },
  };
  const chance = (sum: number) => 1 / (1 + Math.exp(-sum));
  const predict = async (...rows: Customer[]) => linear<Customer>(Buffer.from(JSON.stringify(model))).predict(rows);

  it('is the logistic function of the weighted sum; a value it has never seen counts nothing', async () => {
    const rows = [
      customer,
      { ...customer, balance: -1787 },
      ...['astronaut', '__proto__'].map((job) => ({ ...customer, balance: 0, job })),
    ];
    const wanted = [
      chance(-1 + (2 * (30 - 40)) / 10 + (0.5 * Math.log(1788)) / 2 + 0.25),
      chance(-1 - 2 - (0.5 * Math.log(1788)) / 2 + 0.25),
      chance(-3),
      chance(-3),
    ];
    (await predict(...rows)).forEach((probability, at) => void expect(probability).toBeCloseTo(wanted[at] as number, 12));
  });

  it('gives the label that the probability says, and the probability of the label', () => {
    expect(answerOf(0.25)).toEqual({ prediction: ['No'], probability: 0.75, probabilityYes: 0.25 });
    expect(answerOf(0.5)).toEqual({ prediction: ['Yes'], probability: 0.5, probabilityYes: 0.5 });
    expect(answerOf(0.75)).toEqual({ prediction: ['Yes'], probability: 0.75, probabilityYes: 0.75 });
  });
});

describe('the place of the model is one line of configuration', () => {
  /** The row of the readme of the project that the example goes back to, spelled as there. */
  const row = { ...customer, poutcome: 'unkown' };

  it('seed: the answer that its readme prints, to the last digit', async () => {
    const { model, answerOf: of } = bankOf({ MODEL: 'seed' });
    const [answer] = await model.predict([row]);
    expect(of(answer as number)).toEqual({ prediction: ['No'], probability: 0.6121217836623571, probabilityYes: 0.3878782163376429 });
    expect(seedAnswer(0.9)).toEqual({ prediction: ['No'], probability: 0.9, probabilityYes: 0.9 });
  });

  it('seed, behind REST: the same', async () => {
    const server = await serveBank({ port: 0, seed: true });
    try {
      const response = await fetch(server.url, { method: 'POST', body: JSON.stringify(row) });
      expect(await response.json()).toMatchObject({ prediction: ['No'], probability: 0.6121217836623571 });
    } finally {
      await server.close();
    }
  });

  it('server and in-process answer the same', async () => {
    const server = await serveBank({ port: 0 });
    const [remote, local] = [bankOf({ MODEL_URL: server.url }), bankOf({ MODEL: 'in-process' })];
    try {
      const rows = [20, 70, 40].map((age) => ({ ...customer, age, duration: age * 20 }));
      const [one, other] = await Promise.all([remote, local].map(async ({ model, answerOf: of }) => (await model.predict(rows)).map(of)));
      expect(one).toEqual(other);
      expect(new Set(one?.flatMap(({ prediction }) => prediction))).toEqual(new Set(['Yes', 'No']));
    } finally {
      await Promise.all([remote.model.close?.(), local.model.close?.()]);
      await server.close();
    }
  });

  it('nothing else', () => {
    expect(() => bankOf({ MODEL: 'cloud' })).toThrow('MODEL must be one of server, in-process, seed; got "cloud"');
  });
});

describe.each(['server', 'in-process', 'seed'])('the app with MODEL=%s', (place) => {
  it('predicts, and says so in the topic', async () => {
    const server = place === 'server' ? await serveBank({ port: 0 }) : undefined;
    vi.stubEnv('MODEL', place);
    vi.stubEnv('MODEL_URL', server?.url ?? 'http://127.0.0.1:1/predict');
    vi.resetModules();
    const { app, customers, predictions, seniors, seniorPredictions } = await import('../../examples/customer-prediction/app.ts');
    const { testApp } = await import('../../src/testing/index.ts');
    const t = await testApp(app);
    try {
      const senior = { ...customer, age: 61 };
      await t.send(customers, { key: 'c1', value: senior });
      const yes = await (place === 'seed' ? seedModel() : trainedModel()).predict([senior]);
      const {
        prediction: [label],
        ...chances
      } = (place === 'seed' ? seedAnswer : answerOf)(yes[0] as number);
      const wanted = { key: 'c1', value: { ...senior, prediction: label, ...chances } };
      expect(await t.next(predictions)).toMatchObject(wanted);
      expect(await t.next(seniors)).toMatchObject({ key: 'c1' });
      expect(await t.next(seniorPredictions)).toMatchObject(wanted);
    } finally {
      await t.stop();
      await server?.close();
      vi.unstubAllEnvs();
    }
  });
});

const data = process.env.DATA_DIR;
const files = data === undefined ? [] : ['bank-full.csv', 'bank_marketing_data.csv'].map((file) => join(data, file));
const hasData = files.length > 0 && files.every((file) => existsSync(file));

describe.skipIf(!hasData)(
  `the trained model on the real data${hasData ? '' : ' (skipped: DATA_DIR has no bank-full.csv and bank_marketing_data.csv)'}`,
  () => {
    let rows: { train: LabelledRow[]; test: LabelledRow[] };

    beforeAll(async () => {
      rows = await readLabelled(files[0] as string, files[1] as string);
    });

    it('tests on rows that it was not trained on', () => {
      expect([rows.train.length, rows.test.length]).toEqual([40_690, 4_521]);
      expect(rows.test.filter(({ isYes }) => isYes)).toHaveLength(521);
    });

    it('has an AUC of at least 0.87 on the 4,521 of the simulation', async () => {
      const metrics = await evaluate(loadWeights(), rows.test);
      expect(metrics.auc).toBeGreaterThanOrEqual(0.87);
      expect(metrics.accuracy).toBeGreaterThan(0.89);
      expect(metrics.logLoss).toBeLessThan(0.26);
    });

    it('ships the weights that training gives', () => {
      const trained = flat(train(rows.train));
      const shipped = flat(loadWeights());
      expect(Object.keys(shipped)).toEqual(Object.keys(trained));
      for (const [name, value] of Object.entries(trained)) {
        // Training sees its columns in 32 bits; the weights that ship were found in 64.
        if (typeof value === 'number') expect(shipped[name], name).toBeCloseTo(value, 6);
        else expect(shipped[name], name).toBe(value);
      }
    });
  },
);

function flat(value: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) =>
      typeof part === 'object' ? Object.entries(flat(part as object, `${prefix}${name}.`)) : [[`${prefix}${name}`, part]],
    ),
  );
}

describe('the model server', () => {
  let server: ModelServer;

  beforeAll(async () => {
    server = await serveBank({ port: 0 });
  });

  afterAll(() => server.close());

  const post = async (body: string) => {
    const response = await fetch(server.url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    return { status: response.status, body: (await response.json()) as unknown };
  };

  it('answers one row with one answer', async () => {
    const { status, body } = await post(JSON.stringify(customer));
    expect(status).toBe(200);
    expect(body).toEqual((await trainedModel().predict([customer])).map(answerOf)[0]);
  });

  it('answers a list with a list, in order', async () => {
    const rows = [20, 70, 40].map((age) => ({ ...customer, age, duration: age * 20 }));
    expect((await post(JSON.stringify(rows))).body).toEqual((await trainedModel().predict(rows)).map(answerOf));
    expect((await post('[]')).body).toEqual([]);
  });

  it('names the field of a bad row, and the row in a list', async () => {
    const { age: _, ...ageless } = customer;
    expect(await post(JSON.stringify(ageless))).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'age'] }] } });
    const list = await post(JSON.stringify([customer, { ...customer, balance: 'much' }]));
    expect(list).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 1, 'balance'], msg: expect.any(String) }] } });
  });

  it('refuses what is not JSON, and what is too long', async () => {
    expect(await post('{"age":')).toMatchObject({ status: 422, body: { detail: [{ loc: ['body'] }] } });
    expect(await post(JSON.stringify('x'.repeat(5_000_000)))).toMatchObject({ status: 413 });
  });

  it('is healthy, and knows no other page', async () => {
    const origin = new URL(server.url).origin;
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    expect((await fetch(`${origin}/other`)).status).toBe(404);
  });

  it('says when its port is taken', async () => {
    await expect(serveBank({ port: Number(new URL(server.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('a row of the file as a customer', () => {
  const row = Object.fromEntries(Object.entries(customer).map(([field, value]) => [field, String(value)]));

  it('has its numbers as numbers and leaves out what is no field', () => {
    expect(customerOf({ '': '0', ...row, contact: 'cellular', month: 'oct' })).toEqual(customer);
  });

  it.each([
    ['age', '', 'age is missing'],
    ['age', 'old', 'age must be a number'],
    ['balance', 'Infinity', 'balance must be a number'],
    ['job', ' ', 'job is missing'],
  ])('is refused with %s %j', (field, value, message) => {
    expect(() => customerOf({ ...row, [field]: value })).toThrow(message);
  });
});

describe('the sample', () => {
  const sample = readFileSync(new URL('../../examples/customer-prediction/sample/customers.csv', import.meta.url), 'utf8');

  it('is what the generator makes of the distributions', async () => {
    const { generate } = await import('../../examples/customer-prediction/sample/customers.ts');
    const distributions = JSON.parse(
      readFileSync(new URL('../../examples/customer-prediction/sample/distributions.json', import.meta.url), 'utf8'),
    );
    expect(generate(distributions, 4_521, 20)).toBe(sample);
  });

  it.skipIf(!hasData)(`holds none of the real rows${hasData ? '' : ' (skipped: DATA_DIR has no bank_marketing_data.csv)'}`, () => {
    const rowsOf = (text: string) =>
      text
        .trim()
        .split(/\r?\n/)
        .slice(1)
        .map((line) => line.slice(line.indexOf(',') + 1));
    const real = readFileSync(files[1] as string, 'utf8');
    expect(sample.slice(0, sample.indexOf('\n'))).toBe(real.slice(0, real.search(/\r?\n/)));
    const seen = new Set(rowsOf(real));
    expect(rowsOf(sample).filter((row) => seen.has(row))).toEqual([]);
  });
});
