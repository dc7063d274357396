import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inference } from '../../src/agents/inference/inference.ts';
import type { InferenceOptions } from '../../src/agents/inference/options.ts';
import { http, type Model } from '../../src/models/index.ts';
import { isUnavailable } from '../../src/outage.ts';
import { answer, each, hangUp, type Stage, type StagedServer, silence, stagedServer } from '../models/support/staged-server.ts';
import { FakeInbox } from './support/fake-inbox.ts';

interface Row {
  readonly n: number;
}

type Output = { readonly n: number; readonly twice: unknown };

let server: StagedServer;
let cleanups: Array<() => Promise<void> | void>;

beforeEach(async () => {
  cleanups = [];
  server = await stagedServer(each((row: Row) => ({ twice: row.n * 2 })));
});

afterEach(async () => {
  for (const cleanup of cleanups) await cleanup();
  await server.close();
});

type Options = Partial<InferenceOptions<string | null, number, Row, Record<string, unknown>, Output>>;

function open(options: Options = {}, inbox = new FakeInbox<number, Output>()): FakeInbox<number, Output> {
  const behaviour = inference<string | null, number, Row, Record<string, unknown>, Output>({
    model: http.rows<Row>(server.url),
    features: (n) => ({ n }),
    result: (n, { twice }) => ({ n, twice }),
    ...options,
  });
  const run = behaviour.open(inbox);
  inbox.onWake(() => run.wake());
  cleanups.push(async () => {
    inbox.abandon();
    await run.close();
    await behaviour.stop?.();
  });
  return inbox;
}

const sizes = () => server.asked.map(({ body }) => (body as unknown[]).length);
const error = (inbox: FakeInbox<number, Output>, offset: number) => {
  const [told] = inbox.history(offset).told.filter((one): one is { failed: Error & { code: string } } => typeof one === 'object');
  return told?.failed;
};

/** 422 or another status for a batch that holds the row. */
const poisoned =
  (poison: number, stage: Stage): Stage =>
  (asked, response) =>
    (asked.body as Row[]).some(({ n }) => n === poison)
      ? stage(asked, response)
      : each((row: Row) => ({ twice: row.n * 2 }))(asked, response);

async function serveOnly(stage: Stage): Promise<void> {
  await server.close();
  server = await stagedServer(stage);
}

describe('batches', () => {
  it('publishes one output per event, answers matched by position', async () => {
    const inbox = open();
    inbox.put(null, 1, 2, 3);
    await inbox.settled();
    expect(inbox.outputs).toEqual([
      { n: 1, twice: 2 },
      { n: 2, twice: 4 },
      { n: 3, twice: 6 },
    ]);
    expect(sizes()).toEqual([3]);
  });

  it('holds at most size rows per call and size * inFlight events in hand', async () => {
    const inbox = open({ batch: { size: 10, waitMs: 5 }, inFlight: 3 });
    inbox.put(null, ...Array.from({ length: 105 }, (_, i) => i));
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(105);
    expect(Math.max(...sizes())).toBe(10);
    expect(inbox.mostInHand).toBeLessThanOrEqual(30);
  });

  it('waits for more rows after the first, and asks at once when full', async () => {
    const inbox = open({ batch: { size: 3, waitMs: 60_000 } });
    inbox.put(null, 1);
    inbox.put(null, 2);
    expect(server.asked).toHaveLength(0);
    inbox.put(null, 3);
    await inbox.settled();
    expect(sizes()).toEqual([3]);
  });

  it('asks with what it has when the wait is over', async () => {
    const inbox = open({ batch: { size: 100, waitMs: 20 } });
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(sizes()).toEqual([2]);
  });

  it('shares inFlight over the partitions of the agent', async () => {
    let open = 0;
    let most = 0;
    const model: Model<Row, Row> = {
      name: 'counted',
      async predict(rows) {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 5));
        open--;
        return [...rows];
      },
    };
    const behaviour = inference<string | null, number, Row, Row, Row>({
      model,
      features: (n) => ({ n }),
      result: (_n, row) => row,
      batch: { size: 2, waitMs: 0 },
      inFlight: 3,
    });
    const inboxes = [0, 1, 2].map(() => {
      const inbox = new FakeInbox<number, Row>();
      const run = behaviour.open(inbox);
      inbox.onWake(() => run.wake());
      inbox.put(null, ...Array.from({ length: 20 }, (_, i) => i));
      return inbox;
    });
    await Promise.all(inboxes.map((inbox) => inbox.settled()));
    expect(inboxes.map((inbox) => inbox.outputs.length)).toEqual([20, 20, 20]);
    expect(most).toBe(3);
    expect(behaviour.capacity).toBe(6);
  });

  it('asks a model that takes one row per call one row at a time', async () => {
    await serveOnly((asked, response) => answer({ twice: (asked.body as Row).n * 2 })(asked, response));
    const inbox = open({ model: http.rows<Row>(server.url, { single: true }) });
    inbox.put(null, 1, 2, 3);
    await inbox.settled();
    expect(inbox.outputs.map(({ twice }) => twice)).toEqual([2, 4, 6]);
    expect(server.asked).toHaveLength(3);
  });

  it('keeps the order within a key', async () => {
    const inbox = open({ batch: { size: 4, waitMs: 0 }, inFlight: 4 });
    for (let n = 0; n < 60; n++) inbox.put(`k${n % 3}`, n);
    await inbox.settled();
    for (const rest of [0, 1, 2]) {
      const order = inbox.log.map(({ offset }) => offset).filter((offset) => offset % 3 === rest);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    expect(inbox.outputs).toHaveLength(60);
  });
});

describe('a row that is refused', () => {
  it('422 for one row of a batch fails that row alone, with the server`s words', async () => {
    await serveOnly(poisoned(5, answer({ detail: [{ loc: ['body', 'age'], msg: 'field required' }] }, 422)));
    const inbox = open({ batch: { size: 8, waitMs: 5 } });
    inbox.put(null, 1, 2, 3, 4, 5, 6, 7, 8);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 3, 4, 6, 7, 8]);
    expect(error(inbox, 4)).toMatchObject({ code: 'REFUSED', retryable: false, message: expect.stringContaining('field required') });
    expect(sizes()).toEqual([8, 4, 4, 2, 1, 1, 2]);
  });

  it('rows that the refusal names are asked alone, the others together', async () => {
    await serveOnly((asked, response) => {
      const rows = asked.body as Row[];
      const detail = rows.flatMap(({ n }, at) => (n % 5 === 0 ? [{ loc: ['body', at, 'n'], msg: `not ${n}` }] : []));
      (detail.length > 0 ? answer({ detail }, 422) : each((row: Row) => ({ twice: row.n * 2 })))(asked, response);
    });
    const inbox = open({ batch: { size: 12, waitMs: 5 } });
    inbox.put(null, ...Array.from({ length: 12 }, (_, n) => n));
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 11]);
    expect(error(inbox, 5)?.message).toMatch(/body\.0\.n: not 5/);
    expect(sizes()).toEqual([12, 9, 1, 1, 1]);
  });

  it('a row whose answer is no number fails alone, and the batch is not asked again', async () => {
    await serveOnly(answer('[{"twice": 2}, {"twice": NaN}, {"twice": 6}]'));
    const inbox = open({ batch: { size: 3, waitMs: 5 } });
    inbox.put(null, 1, 2, 3);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 3]);
    expect(error(inbox, 1)).toMatchObject({
      code: 'ANSWER',
      retryable: false,
      message: expect.stringMatching(/twice is not a finite number/),
    });
    expect(sizes()).toEqual([3]);
  });

  it('500 once is asked again and nobody notices', async () => {
    server.next(answer('boom', 500));
    const inbox = open();
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(inbox.outputs).toHaveLength(2);
    expect(sizes()).toEqual([2, 2]);
  });

  it('500 for ever is asked three times, then in halves; the row is asked alone when it is tried again', async () => {
    await serveOnly(poisoned(3, answer('boom', 500)));
    const inbox = open({ batch: { size: 4, waitMs: 5 } });
    inbox.put(null, 1, 2, 3, 4);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 4]);
    expect(error(inbox, 2)).toMatchObject({ code: 'REFUSED', retryable: true, message: expect.stringContaining('boom') });
    expect(sizes()).toEqual([4, 4, 4, 2, 2, 1, 1]);

    server.asked.length = 0;
    inbox.retry(2);
    inbox.put(null, 5, 6);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 4, 5, 6]);
    expect(server.asked.map(({ body }) => (body as Row[]).map(({ n }) => n))).toEqual([[5, 6], [3]]);
  });

  it.each([
    ['a wrong count', answer([])],
    ['no JSON', answer('<html>')],
    ['bare NaN', answer('[NaN]')],
  ])('%s is asked once more, then in halves', async (_name, stage) => {
    await serveOnly(poisoned(2, stage));
    const inbox = open({ batch: { size: 2, waitMs: 5 } });
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(inbox.outputs).toEqual([{ n: 1, twice: 2 }]);
    expect(error(inbox, 1)).toMatchObject({ code: 'ANSWER' });
    expect(sizes()).toEqual([2, 2, 1, 1]);
  });

  it('a wrong count from any model is an error, not a shift of answers', async () => {
    const inbox = open({ model: { name: 'short', predict: async (rows) => rows.slice(1).map(({ n }) => ({ twice: n * 2 })) } });
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(inbox.outputs).toEqual([]);
    expect(error(inbox, 0)).toMatchObject({ code: 'ANSWER', message: expect.stringContaining('asked 1 rows and answered 0') });
  });

  it('releases what follows it in its key, and nothing else', async () => {
    await serveOnly(poisoned(1, answer('bad', 400)));
    const inbox = open({ batch: { size: 10, waitMs: 5 } });
    inbox.put('a', 1, 2, 3);
    inbox.put('b', 4);
    await inbox.settled();
    expect(inbox.history(0).told).toHaveLength(1);
    expect(inbox.history(1).told).toEqual(['released']);
    expect(inbox.history(2).told).toEqual(['released']);
    expect(inbox.history(3).told).toEqual(['done']);
    expect(inbox.outputs).toEqual([{ n: 4, twice: 8 }]);
  });
});

describe('a model that cannot be reached', () => {
  const cases: Array<[string, Stage]> = [
    ['503', answer('overloaded', 503)],
    ['429', answer('slow down', 429)],
    ['no answer in time', silence],
    ['closed connections', hangUp],
  ];
  it.each(cases)('%s: no event fails, the wait is told, and all goes through later, in order', async (_name, stage) => {
    let down = true;
    await serveOnly((asked, response) => (down ? stage : each((row: Row) => ({ twice: row.n * 2 })))(asked, response));
    const inbox = open({ timeoutMs: 60, breaker: { failures: 2, delayMs: 10, maxDelayMs: 40 } });
    inbox.put('a', 1, 2);
    inbox.put('b', 3);
    await inbox.until(() => inbox.outside.length === 1 && inbox.inFlight === 0);
    expect(isUnavailable(inbox.outside[0])).toBe(true);
    expect(inbox.log.every(({ told }) => told === 'released')).toBe(true);
    down = false;
    await inbox.settled();
    await inbox.until(() => inbox.outside.at(-1) === 'resumed');
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(inbox.log.filter(({ told }) => told === 'failed')).toEqual([]);
  });

  it('refused connections', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const inbox = open({ model: http.rows<Row>(`http://127.0.0.1:${port}/predict`), breaker: { failures: 1 } });
    inbox.put(null, 1);
    await inbox.until(() => inbox.outside.length === 1);
    expect(inbox.outside[0]).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(String(port)) });
  });

  it('going down while a refused batch is halved: what was answered is published at once, the rest waits', async () => {
    const good = each((row: Row) => ({ twice: row.n * 2 }));
    server.next(answer('bad', 422), good, answer('down', 503));
    const inbox = open({ batch: { size: 4, waitMs: 5 }, breaker: { delayMs: 10 } });
    inbox.put(null, 1, 2, 3, 4);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    expect(inbox.log.map(({ told }) => told)).toEqual(['done', 'done', 'released', 'released', 'done', 'done']);
    expect(sizes()).toEqual([4, 2, 2, 2]);
  });
});

describe('what the user gives', () => {
  it('a throw of features or result fails that event alone', async () => {
    const inbox = open({
      features: (n) => {
        if (n === 1) throw new Error('no features');
        return { n };
      },
      result: (n, { twice }) => {
        if (n === 2) throw new Error('no result');
        return { n, twice };
      },
    });
    inbox.put(null, 1, 2, 3);
    await inbox.settled();
    expect(error(inbox, 0)?.message).toBe('no features');
    expect(error(inbox, 1)?.message).toBe('no result');
    expect(inbox.outputs).toEqual([{ n: 3, twice: 6 }]);
    expect(server.asked[0]?.body).toEqual([{ n: 2 }, { n: 3 }]);
  });

  it('does not ask when no event has features', async () => {
    const inbox = open({
      features: () => {
        throw new Error('never');
      },
    });
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(server.asked).toHaveLength(0);
  });

  it('an output that its topic refuses fails the event', async () => {
    const inbox = new FakeInbox<number, Output>();
    inbox.refuse = ({ n }) => (n === 2 ? new Error('does not fit the topic') : undefined);
    open({}, inbox);
    inbox.put(null, 1, 2, 3);
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n)).toEqual([1, 3]);
    expect(error(inbox, 1)?.message).toBe('does not fit the topic');
  });

  it('wrong settings are reported together', () => {
    expect(() => open({ batch: { size: 0, waitMs: -1 }, inFlight: 1.5, timeoutMs: 0 })).toThrowError(/4 problems/);
  });
});

describe('time and loss', () => {
  it('a call takes as long as the model allows, where the agent says nothing', async () => {
    await serveOnly(silence);
    const inbox = open({ model: http.rows<Row>(server.url, { timeoutMs: 30 }), breaker: { failures: 1, delayMs: 60_000 } });
    inbox.put(null, 1);
    await inbox.until(() => inbox.outside.length === 1);
    expect(inbox.outside[0]).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('did not answer within 30 ms') });
  });

  it('the agent`s timeoutMs ends the question, retries included', async () => {
    await serveOnly(silence);
    const inbox = open({ timeoutMs: 60_000 }, new FakeInbox<number, Output>({ timeoutMs: 80 }));
    inbox.put(null, 1, 2);
    await inbox.settled();
    expect(error(inbox, 0)).toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(error(inbox, 1)).toMatchObject({ code: 'TIMEOUT' });
  });

  it('a lost partition cancels its calls, publishes nothing more and gives back what was in hand', async () => {
    let closed: () => void = () => {};
    const socketClosed = new Promise<void>((resolve) => (closed = resolve));
    let arrived: () => void = () => {};
    const called = new Promise<void>((resolve) => (arrived = resolve));
    await serveOnly((_asked, response) => {
      response.on('close', closed);
      arrived();
    });
    const inbox = open();
    inbox.put('a', 1, 2);
    await called;
    expect(inbox.inFlight).toBe(2);
    inbox.abandon();
    await socketClosed;
    await inbox.until(() => inbox.inFlight === 0);
    expect(inbox.log.map(({ told }) => told)).toEqual(['released', 'released']);
    expect(inbox.outputs).toEqual([]);
    inbox.put('a', 3);
    expect(inbox.inFlight).toBe(0);
  });

  it('an answer that comes after the loss is dropped', async () => {
    const inbox = open({
      model: {
        name: 'late',
        async predict(rows) {
          inbox.abandon();
          return rows.map(({ n }) => ({ twice: n }));
        },
      },
    });
    inbox.put(null, 1);
    await inbox.until(() => inbox.log.length === 1);
    expect(inbox.log).toEqual([{ offset: 0, told: 'released' }]);
  });

  it('a loss while a batch is collected gives it back without a call', async () => {
    const inbox = open({ batch: { size: 10, waitMs: 60_000 } });
    inbox.put(null, 1);
    await Promise.resolve();
    await inbox.until(() => inbox.inFlight === 1);
    inbox.abandon();
    await inbox.until(() => inbox.log.length === 1);
    expect(server.asked).toHaveLength(0);
    expect(inbox.log).toEqual([{ offset: 0, told: 'released' }]);
  });

  it('loses nothing on a server that fails at random', async () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const good = each((row: Row) => ({ twice: row.n * 2 }));
    const bad = [answer('x', 500), answer('x', 503), answer([]), answer('[NaN]'), answer('x', 422), hangUp];
    await serveOnly((asked, response) => (random() < 0.4 ? (bad[Math.floor(random() * bad.length)] as Stage) : good)(asked, response));
    const inbox = open({ batch: { size: 7, waitMs: 1 }, inFlight: 3, breaker: { delayMs: 1, maxDelayMs: 5 } });
    for (let n = 0; n < 120; n++) inbox.put(n % 2 === 0 ? `k${n % 8}` : null, n);
    for (let round = 0; round < 200 && inbox.outputs.length < 120; round++) {
      await inbox.settled();
      for (let offset = 0; offset < 120; offset++) {
        const last = inbox.history(offset).told.at(-1);
        if (typeof last === 'object') inbox.retry(offset);
      }
    }
    await inbox.settled();
    expect(inbox.outputs.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n));
    expect(inbox.outputs.every(({ n, twice }) => twice === n * 2)).toBe(true);
    for (const rest of [0, 2, 4, 6]) {
      const order = inbox.log.filter(({ offset, told }) => told === 'done' && offset % 8 === rest).map(({ offset }) => offset);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });
});
