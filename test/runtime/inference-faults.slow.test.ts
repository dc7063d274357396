import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, http, inference, json, retry, string, type Worker } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { type ReadRecord, readAll, unique } from '../helpers/broker.ts';

/** More by the environment: FAULT_EVENTS=20000. */
const EVENTS = Number(process.env.FAULT_EVENTS ?? 2_000);
const KEYS = 97;
const Row = z.object({ n: z.number() });
const Out = Row.extend({ double: z.number() });

type Mode = 'well' | 'hang' | 'slow' | 'overloaded' | 'cut';

/** A model server on a port of its own that falls ill as it is told, and refuses rows that it is told to. */
class Patient {
  mode: Mode = 'well';
  readonly poison: ReadonlySet<number>;
  /** How it says no to a batch with a poison row. */
  readonly status: number;
  port = 0;
  #server: Server | undefined;

  constructor(poison: ReadonlySet<number> = new Set(), status = 422) {
    this.poison = poison;
    this.status = status;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** As a kill: every connection is cut, and the port is closed. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const rows = JSON.parse(Buffer.concat(chunks).toString()) as Array<{ n: number }>;
      if (this.mode === 'hang') return;
      if (this.mode === 'cut') response.destroy();
      else if (this.mode === 'overloaded') response.writeHead(503).end('overloaded');
      else if (this.mode === 'slow') setTimeout(() => this.#predict(rows, response), 60);
      else this.#predict(rows, response);
    });
  }

  #predict(rows: ReadonlyArray<{ n: number }>, response: ServerResponse): void {
    if (rows.some(({ n }) => this.poison.has(n))) response.writeHead(this.status).end(JSON.stringify({ detail: 'a poison row' }));
    else response.end(JSON.stringify(rows.map(({ n }) => ({ double: n * 2 }))));
  }
}

const running: App[] = [];
const patients: Patient[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  for (const patient of patients.splice(0)) await patient.kill();
});

async function predicting(patient: Patient) {
  patients.push(patient);
  await patient.start();
  const app = testAppOf('faults');
  running.push(app);
  const rows = app.topic(unique('rows'), { key: string(), value: json(Row), partitions: 3 });
  const out = app.topic(unique('out'), { key: string(), value: json(Out), partitions: 3 });
  app.agent(
    'predict',
    rows,
    inference({
      model: http.rows<z.infer<typeof Row>, { double: number }>(`http://127.0.0.1:${patient.port}/predict`),
      features: (row) => row,
      result: (row, answer) => ({ ...row, ...answer }),
      batch: { size: 16, waitMs: 2 },
      inFlight: 4,
      timeoutMs: 250,
      breaker: { failures: 4, delayMs: 20, maxDelayMs: 100 },
    }),
    { to: out, onError: retry({ attempts: 2, delayMs: 20 }) },
  );
  const worker = await started(app);
  const told: string[] = [];
  worker.on('waiting', () => told.push('waiting'));
  worker.on('resumed', () => told.push('resumed'));
  let sent = 0;
  const send = async (count: number) => {
    const from = sent;
    sent += count;
    await Promise.all(Array.from({ length: count }, (_, i) => rows.send({ key: `k${(from + i) % KEYS}`, value: { n: from + i } })));
  };
  return { app, worker, rows, out, told, send };
}

const agentOf = (worker: Worker) => worker.stats().agents.predict!;
const settled = (worker: Worker, count: number) =>
  until(
    () => agentOf(worker),
    ({ finished }) => finished === count,
    120_000,
  );

/** Every row but the poison once, with its own answer, and the rows of a key in the order in which they were sent. */
function expectWhole(records: readonly ReadRecord[], poison: ReadonlySet<number> = new Set()): void {
  const last = new Map<string, number>();
  const seen = new Set<number>();
  for (const { key, value } of records) {
    const { n, double } = Out.parse(JSON.parse(String(value)));
    expect(double).toBe(n * 2);
    expect(n).toBeGreaterThan(last.get(String(key)) ?? -1);
    last.set(String(key), n);
    seen.add(n);
  }
  expect(seen.size).toBe(EVENTS - poison.size);
  expect(records).toHaveLength(EVENTS - poison.size);
  for (const n of poison) expect(seen.has(n)).toBe(false);
}

/** How the model falls ill, and how it gets well again. */
const faults: Array<[string, (patient: Patient) => Promise<void> | void, (patient: Patient) => Promise<void> | void]> = [
  ['killed', (patient) => patient.kill(), (patient) => patient.start()],
  ['hanging', (patient) => void (patient.mode = 'hang'), (patient) => void (patient.mode = 'well')],
  ['overloaded', (patient) => void (patient.mode = 'overloaded'), (patient) => void (patient.mode = 'well')],
];

describe('a model server in trouble', () => {
  it.each(faults)(
    '%s during a run: the agent waits visibly, the lag grows and recovers, nothing is lost or dead-lettered',
    async (_name, fall, recover) => {
      const patient = new Patient();
      const { app, worker, rows, out, told, send } = await predicting(patient);
      await send(Math.floor(EVENTS / 4));
      await until(
        () => agentOf(worker).finished,
        (finished) => finished > 0,
      );
      await fall(patient);
      await send(Math.floor(EVENTS / 4));
      await until(
        () => agentOf(worker),
        ({ inference, waitingSince }) => inference?.breaker.state !== 'closed' && waitingSince !== undefined,
      );
      const before = worker.stats().lag;
      await send(EVENTS - 2 * Math.floor(EVENTS / 4));
      const { lag } = await until(
        () => worker.stats(),
        (stats) => stats.lag >= before + Math.floor(EVENTS / 4),
      );
      expect(lag).toBeGreaterThan(EVENTS / 4);
      await until(
        () => agentOf(worker).inFlight,
        (inFlight) => inFlight <= 1,
      );
      expect(agentOf(worker).failed).toBe(0);
      await recover(patient);
      await settled(worker, EVENTS);
      await until(
        () => worker.stats().lag,
        (left) => left === 0,
      );
      expect(told[0]).toBe('waiting');
      expect(told.at(-1)).toBe('resumed');
      expect(agentOf(worker)).toMatchObject({ failed: 0, skipped: 0, retried: 0 });
      expect(agentOf(worker).waitingSince).toBeUndefined();
      expectWhole(await readAll(out.name));
      expect(await readAll(`${rows.name}.${app.id}.dlq`)).toEqual([]);
    },
    180_000,
  );

  it('slow and flapping during a run: nothing is lost, out of order or dead-lettered', async () => {
    const patient = new Patient();
    const { app, worker, rows, out, send } = await predicting(patient);
    const modes: Mode[] = ['slow', 'cut', 'well', 'hang', 'overloaded', 'slow', 'well'];
    let turn = 0;
    const flapping = setInterval(() => (patient.mode = modes[turn++ % modes.length] as Mode), 120);
    for (let part = 0; part < 10; part++) await send(EVENTS / 10);
    await until(
      () => turn,
      (turns) => turns >= modes.length,
    );
    clearInterval(flapping);
    patient.mode = 'well';
    await settled(worker, EVENTS);
    expect(agentOf(worker)).toMatchObject({ failed: 0, retried: 0 });
    expect(agentOf(worker).inference?.unavailable).toBeGreaterThan(0);
    expectWhole(await readAll(out.name));
    expect(await readAll(`${rows.name}.${app.id}.dlq`)).toEqual([]);
  }, 180_000);

  it.each([422, 500])(
    'refusing poison rows with %i, and killed meanwhile: the poison alone is in the dead letters',
    async (status) => {
      const poison = new Set(Array.from({ length: 12 }, () => Math.floor(Math.random() * EVENTS)));
      const patient = new Patient(poison, status);
      const { app, worker, rows, out, send } = await predicting(patient);
      await send(EVENTS / 2);
      await until(
        () => agentOf(worker).finished,
        (finished) => finished > 0,
      );
      await patient.kill();
      await send(EVENTS / 2);
      await until(
        () => agentOf(worker).waitingSince,
        (since) => since !== undefined,
      );
      await patient.start();
      await settled(worker, EVENTS);
      const letters = (await readAll(`${rows.name}.${app.id}.dlq`)).map(({ value }) => Row.parse(JSON.parse(String(value))).n);
      expect(
        letters.sort((a, b) => a - b),
        `poison: ${[...poison]}`,
      ).toEqual([...poison].sort((a, b) => a - b));
      expectWhole(await readAll(out.name), poison);
    },
    180_000,
  );
});
