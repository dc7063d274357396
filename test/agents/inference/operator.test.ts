import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inference } from '../../../src/agents/inference/inference.ts';
import type { InferenceOptions } from '../../../src/agents/inference/options.ts';
import { http, type Model } from '../../../src/models/index.ts';
import { Telemetry } from '../../../src/observe/index.ts';
import { isUnavailable } from '../../../src/outage.ts';
import { answer, each, type Stage, type StagedServer, silence, stagedServer } from '../../models/support/staged-server.ts';
import { FakeInbox } from '../support/fake-inbox.ts';

interface Row {
  readonly n: number;
}

type Options = Partial<InferenceOptions<string | null, number, Row, Row, Row>>;

const echo = each((row: Row) => row);
let server: StagedServer;
let cleanups: Array<() => Promise<void> | void>;

beforeEach(async () => {
  cleanups = [];
  server = await stagedServer(echo);
});

afterEach(async () => {
  for (const cleanup of cleanups) await cleanup();
  await server.close();
});

function agent(options: Options = {}) {
  return inference<string | null, number, Row, Row, Row>({
    model: http.rows<Row, Row>(server.url),
    features: (n) => ({ n }),
    result: (_n, row) => row,
    ...options,
  });
}

function open(behaviour: ReturnType<typeof agent>, inbox = new FakeInbox<number, Row>()): FakeInbox<number, Row> {
  const run = behaviour.open(inbox);
  inbox.onWake(() => run.wake());
  cleanups.push(async () => {
    inbox.abandon();
    await run.close();
    await behaviour.stop?.();
  });
  return inbox;
}

const statsOf = (behaviour: ReturnType<typeof agent>) =>
  behaviour.stats?.().inference as NonNullable<ReturnType<NonNullable<typeof behaviour.stats>>['inference']>;
const bodies = () => server.asked.map(({ body }) => (body as Row[]).map(({ n }) => n));
const sizes = () => bodies().map(({ length }) => length);
const failure = (inbox: FakeInbox<number, Row>, offset: number) => (inbox.history(offset).told.at(-1) as { failed?: unknown }).failed;

async function serveOnly(stage: Stage): Promise<void> {
  await server.close();
  server = await stagedServer(stage);
}

describe('batch.bytes', () => {
  it('closes a batch before it is too long; a row that is longer goes alone', async () => {
    const inbox = open(agent({ batch: { size: 100, bytes: 40, waitMs: 5 }, inFlight: 1 }));
    // {"n":1} has 7 bytes, {"n":1000000000000000} has 22
    inbox.put(null, 1, 2, 3, 4, 5, 6, 7, 8, 1e15, 1e15, 1);
    await inbox.settled();
    expect(
      bodies()
        .flat()
        .sort((a, b) => a - b),
    ).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 1e15, 1e15]);
    for (const rows of bodies()) expect(rows.map((n) => JSON.stringify({ n }).length).reduce((a, b) => a + b)).toBeLessThanOrEqual(44);
    expect(sizes()[0]).toBe(5);
    const long = open(agent({ batch: { size: 100, bytes: 10, waitMs: 5 } }));
    long.put(null, 1e15, 1e15);
    await long.settled();
    expect(sizes().slice(-2)).toEqual([1, 1]);
  });

  it('keeps the order of a key over what goes back', async () => {
    const inbox = open(agent({ batch: { size: 10, bytes: 30, waitMs: 1 } }));
    const values = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 1e15 + i : i));
    for (const value of values) inbox.put('a', value);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual(values);
    expect(inbox.log.filter(({ told }) => told === 'done').map(({ offset }) => offset)).toEqual(values.map((_, i) => i));
  });
});

describe('deadlineMs', () => {
  it('fails an event for good when its time is over, though a call is under way, and frees the socket', async () => {
    let closed: () => void = () => {};
    const socketClosed = new Promise<void>((resolve) => (closed = resolve));
    await serveOnly((_asked, response) => void response.on('close', closed));
    const inbox = open(agent({ deadlineMs: 80, timeoutMs: 60_000 }));
    const startedAt = performance.now();
    inbox.put('a', 1, 2);
    inbox.put(null, 3);
    await inbox.settled();
    await socketClosed;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(failure(inbox, 0)).toMatchObject({ code: 'TIMEOUT', retryable: false, message: expect.stringMatching(/deadlineMs of 80 ms/) });
    expect(failure(inbox, 2)).toMatchObject({ code: 'TIMEOUT' });
  });

  it('counts from the first try: an old event fails alone, the call goes on for the others', async () => {
    await serveOnly((asked, response) => setTimeout(() => echo(asked, response), 150));
    const inbox = new FakeInbox<number, Row>();
    inbox.age(0, 200);
    open(agent({ deadlineMs: 260 }), inbox);
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(failure(inbox, 0)).toMatchObject({ code: 'TIMEOUT' });
    expect(inbox.outputs).toEqual([{ n: 2 }]);
    expect(sizes()).toEqual([2]);
  });

  it('is not asked for at all when it is over before the call', async () => {
    const inbox = new FakeInbox<number, Row>();
    inbox.age(0, 1_000);
    open(agent({ deadlineMs: 500 }), inbox);
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(failure(inbox, 0)).toMatchObject({ code: 'TIMEOUT' });
    expect(bodies()).toEqual([[2]]);
  });

  it('no retry begins that would end after it', async () => {
    await serveOnly(answer('boom', 500, { 'retry-after': '2' }));
    const inbox = open(agent({ deadlineMs: 1_000 }));
    inbox.put(null, 1);
    await inbox.settled();
    expect(failure(inbox, 0)).toMatchObject({ code: 'REFUSED', status: 500 });
    expect(server.asked).toHaveLength(1);
  });

  it('does not run while the model is known to be down', async () => {
    let down = true;
    await serveOnly((asked, response) => (down ? answer('down', 503) : echo)(asked, response));
    const behaviour = agent({ deadlineMs: 300, breaker: { failures: 1, delayMs: 20, maxDelayMs: 20 } });
    const inbox = open(behaviour);
    inbox.put(null, 1, 2);
    await inbox.until(() => inbox.outside.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(statsOf(behaviour).breaker).toMatchObject({ opened: 1, reason: expect.stringMatching(/503/) });
    down = false;
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(2);
  });
});

describe('a 500 with Retry-After', () => {
  it('is asked again after that time', async () => {
    server.next(answer('busy', 500, { 'retry-after': '1' }));
    const inbox = open(agent());
    const startedAt = performance.now();
    inbox.put(null, 1);
    await inbox.settled();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(inbox.outputs).toHaveLength(1);
  });
});

describe('rate', () => {
  it.each<[{ rows?: number; calls?: number; perMs: number }, number]>([
    [{ rows: 50, perMs: 250 }, 8],
    [{ calls: 10, perMs: 500 }, 8],
  ])('%j holds over all partitions', async (rate, size) => {
    const at: number[] = [];
    const counts: number[] = [];
    const model: Model<Row, Row> = {
      name: 'timed',
      predict: async (rows) => {
        at.push(performance.now());
        counts.push(rate.rows !== undefined ? rows.length : 1);
        return [...rows];
      },
    };
    const behaviour = agent({ model, rate, batch: { size, waitMs: 0 } });
    const inboxes = [0, 1].map(() => open(behaviour));
    for (const inbox of inboxes) inbox.put(null, ...Array.from({ length: 40 }, (_, n) => n));
    await Promise.all(inboxes.map((inbox) => inbox.settled()));
    const limit = rate.rows ?? rate.calls ?? 0;
    for (const [i, start] of at.entries()) {
      const inWindow = at
        .flatMap((one, j) => (j >= i && one < start + rate.perMs - 20 ? [counts[j] as number] : []))
        .reduce((a, b) => a + b);
      expect(inWindow).toBeLessThanOrEqual(limit + size);
    }
    expect((at.at(-1) as number) - (at[0] as number)).toBeGreaterThan(((counts.reduce((a, b) => a + b) - size) / limit) * rate.perMs - 30);
  });
});

describe('the breaker', () => {
  it('polls nothing while it is open, over all partitions, and asks one row alone before the others', async () => {
    let down = true;
    await serveOnly((asked, response) => (down ? answer('down', 503) : echo)(asked, response));
    const behaviour = agent({ breaker: { failures: 2, delayMs: 30, maxDelayMs: 60 }, batch: { size: 5, waitMs: 1 } });
    const inboxes = [open(behaviour), open(behaviour)];
    for (const inbox of inboxes) inbox.put('a', 1, 2, 3, 4, 5, 6, 7);
    await Promise.all(inboxes.map((inbox) => inbox.until(() => inbox.outside.length === 1 && inbox.inFlight === 0)));
    const before = server.asked.length;
    server.asked.length = 0;
    for (const inbox of inboxes) inbox.put('b', 8);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(before).toBeLessThanOrEqual(4);
    expect(sizes().every((size) => size === 1)).toBe(true);
    expect(sizes().length).toBeLessThanOrEqual(8);
    down = false;
    server.asked.length = 0;
    await Promise.all(inboxes.map((inbox) => inbox.settled()));
    expect(sizes()[0]).toBe(1);
    for (const inbox of inboxes) {
      expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(inbox.outside.at(-1)).toBe('resumed');
      expect(inbox.log.some(({ told }) => told === 'failed')).toBe(false);
    }
    expect(statsOf(behaviour).breaker).toEqual({ state: 'closed', opened: 1 });
  });

  it('asks the health first, where there is one, and sends no row until it is well', async () => {
    let ill = true;
    await serveOnly((asked, response) => (ill ? answer('ill', 503) : asked.method === 'GET' ? answer('') : echo)(asked, response));
    const behaviour = agent({
      model: http.rows<Row, Row>(server.url, { healthPath: '/ready' }),
      breaker: { failures: 1, delayMs: 10, maxDelayMs: 20 },
    });
    const inbox = open(behaviour);
    inbox.put(null, 1, 2, 3);
    await inbox.until(() => inbox.outside.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const calls = server.asked.map(({ method, url }) => `${method} ${url}`);
    expect(calls.slice(0, 1)).toEqual(['POST /predict']);
    expect(new Set(calls.slice(1))).toEqual(new Set(['GET /ready']));
    ill = false;
    await inbox.settled();
    expect(
      server.asked
        .slice(calls.length)
        .map(({ method }) => method)
        .filter((method, i, all) => method !== all[i - 1]),
    ).toEqual(['GET', 'POST']);
  });

  it('does not believe a health path that does not exist', async () => {
    let down = true;
    await serveOnly((asked, response) =>
      (asked.method === 'GET' ? answer('Not Found', 404) : down ? answer('down', 503) : echo)(asked, response),
    );
    const inbox = open(
      agent({ model: http.rows<Row, Row>(server.url, { healthPath: '/nope' }), breaker: { failures: 1, delayMs: 5, maxDelayMs: 5 } }),
    );
    inbox.put(null, 1);
    await inbox.until(() => inbox.outside.length === 1);
    down = false;
    await inbox.settled();
    expect(inbox.outputs).toEqual([{ n: 1 }]);
  });

  it('leaves the server alone for as long as it asks', async () => {
    server.next(answer('slow down', 429, { 'retry-after': '1' }));
    const inbox = open(agent({ breaker: { delayMs: 1, maxDelayMs: 1 } }));
    const startedAt = performance.now();
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(sizes()).toEqual([2, 1, 1]);
    expect(inbox.outside).toEqual([expect.objectContaining({ status: 429 }), 'resumed']);
  });

  it('a poison row as the trial shows that somebody is there', async () => {
    server.next(answer('down', 503), answer('bad', 422));
    const inbox = open(agent({ breaker: { failures: 1, delayMs: 5 } }));
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(failure(inbox, 0)).toMatchObject({ code: 'REFUSED' });
    expect(inbox.outputs).toEqual([{ n: 2 }]);
    expect(inbox.outside.at(-1)).toBe('resumed');
  });

  it('tells a partition that comes later, and goes on when the partition that tried is lost', async () => {
    let down = true;
    await serveOnly((asked, response) => (down ? silence : echo)(asked, response));
    const behaviour = agent({ timeoutMs: 40, breaker: { failures: 1, delayMs: 5, maxDelayMs: 10 } });
    const first = open(behaviour);
    first.put(null, 1);
    await first.until(() => first.outside.length === 1);
    first.abandon();
    const second = open(behaviour);
    expect(isUnavailable(second.outside[0])).toBe(true);
    second.put(null, 2);
    down = false;
    await second.settled();
    expect(second.outputs).toEqual([{ n: 2 }]);
  });

  it('counts a hanging model that the agent`s timeoutMs cuts off, and its trials fail no event', async () => {
    let down = true;
    await serveOnly((asked, response) => (down ? silence : echo)(asked, response));
    const behaviour = agent({ breaker: { failures: 1, delayMs: 5, maxDelayMs: 10 } });
    const inbox = open(behaviour, new FakeInbox<number, Row>({ timeoutMs: 30 }));
    inbox.put(null, 1, 2);
    await inbox.until(() => inbox.outside.length === 1 && inbox.inFlight === 0);
    const failed = inbox.log.filter(({ told }) => told === 'failed').length;
    inbox.retry(0);
    inbox.retry(1);
    await inbox.until(() => inbox.log.length > failed + 3);
    expect(inbox.log.filter(({ told }) => told === 'failed')).toHaveLength(failed);
    down = false;
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(2);
  });
});

describe('before the first record', () => {
  it('asks for the health, then the warm-up row', async () => {
    await serveOnly((asked, response) => (asked.method === 'GET' ? answer('') : echo)(asked, response));
    const behaviour = agent({ model: http.rows<Row, Row>(server.url, { healthPath: '/ready' }), warmUp: { row: { n: 99 } } });
    await behaviour.start?.('predict', new Telemetry());
    expect(server.asked.map(({ method, body }) => [method, body])).toEqual([
      ['GET', null],
      ['POST', [{ n: 99 }]],
    ]);
    const inbox = open(behaviour);
    inbox.put(null, 1);
    await inbox.settled();
    expect(inbox.outside).toEqual([]);
    expect(inbox.outputs).toEqual([{ n: 1 }]);
  });

  it('starts when the model is down, and waits for it without polling', async () => {
    let down = true;
    await serveOnly((asked, response) => (down ? answer('down', 503) : echo)(asked, response));
    const behaviour = agent({ warmUp: { row: { n: 99 } }, breaker: { delayMs: 5, maxDelayMs: 10 } });
    await behaviour.start?.('predict', new Telemetry());
    const inbox = open(behaviour);
    expect(isUnavailable(inbox.outside[0])).toBe(true);
    inbox.put(null, 1, 2);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(inbox.log).toEqual([]);
    expect(new Set(bodies().flat())).toEqual(new Set([99]));
    down = false;
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(2);
    expect(inbox.outside.at(-1)).toBe('resumed');
  });

  it('refuses to start with a warm-up row that the model refuses', async () => {
    await serveOnly(answer({ detail: 'no n' }, 422));
    const behaviour = agent({ warmUp: { row: { n: 99 } } });
    await expect(behaviour.start?.('predict', new Telemetry())).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/warm-up row.*no n/),
    });
    await behaviour.stop?.();
  });

  it('with `true`, asks about the first event alone', async () => {
    const behaviour = agent({ warmUp: true });
    await behaviour.start?.('predict', new Telemetry());
    const inbox = open(behaviour);
    inbox.put(null, 1, 2, 3, 4);
    await inbox.settled();
    expect(sizes()).toEqual([1, 3]);
    expect(inbox.outside).toEqual([]);
  });
});

describe('draining', () => {
  it('does not wait for company', async () => {
    const behaviour = agent({ batch: { size: 100, waitMs: 60_000 } });
    const inbox = new FakeInbox<number, Row>();
    const run = behaviour.open(inbox);
    inbox.onWake(() => run.wake());
    inbox.put(null, 1, 2);
    await inbox.until(() => inbox.inFlight === 2);
    run.drain?.();
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(2);
    inbox.abandon();
    await run.close();
    await behaviour.stop?.();
  });
});

describe('counters', () => {
  it('say what was done', async () => {
    server.next(answer('boom', 500), answer('bad', 422));
    const behaviour = agent({ batch: { size: 4, waitMs: 1 }, inFlight: 1 });
    const inbox = open(behaviour);
    inbox.put(null, 1, 2, 3, 4, 5, 6);
    await inbox.settled();
    const stats = statsOf(behaviour);
    expect(stats).toMatchObject({ rows: 6, batches: 2, calls: 5, retries: 1, splits: 1, unavailable: 0, inFlight: 0 });
    expect(stats.batchSize).toEqual({ count: 2, mean: 3, max: 4, p50: 2, p95: 4, p99: 4 });
    expect(stats.callMs.count).toBe(5);
    expect(stats.waitMs.count).toBe(2);
    expect(stats.breaker).toEqual({ state: 'closed', opened: 0 });
  });
});

describe('settings', () => {
  it('are checked together', () => {
    expect(() =>
      agent({ batch: { bytes: -1 }, deadlineMs: Number.NaN, rate: { rows: 0, calls: 1 }, breaker: { failures: 0, delayMs: 0 } }),
    ).toThrowError(/6 problems/);
  });

  it('that there are not are refused, as misspelt ones are', () => {
    const wrong = { batchSize: 3, batch: { sise: 3 }, breaker: { failure: 1 }, warmUp: { rows: 1 } };
    expect(() => agent(wrong as never)).toThrowError(
      /4 problems.*unknown option "batchSize".*unknown option "batch\.sise".*unknown option "breaker\.failure".*unknown option "warmUp\.rows"/s,
    );
  });
});
