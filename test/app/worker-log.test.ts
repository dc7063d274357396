import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { configureSync, type LoggerConfig, resetSync } from '@logtape/logtape';
import { deadLetter, each, retry, skip, string } from 'streamerjs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Loud, logWorker } from '../../src/app/worker-log.ts';
import { configureLogging, libraryLog } from '../../src/observe/index.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  resetSync();
});

/** What embedded apps write to standard error. */
function standardError(): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  return lines;
}

/** An app that is started by a program, and fails by its value. */
async function embedded(onError = skip(), options = {}) {
  const app = testAppOf('embedded', { logging: true, ...options });
  onTestFinished(() => app.stop());
  const topic = app.topic(unique('embedded'), { key: string(), value: string() });
  const handler = each((value: string) => {
    if (value !== 'fine') throw new RangeError(value);
  });
  app.agent('picky', topic, handler, { onError });
  const worker = await started(app);
  const send = async (...values: string[]) => {
    for (const value of values) await topic.send({ key: 'k', value });
    await until(
      () => worker.stats().agents.picky?.finished,
      (finished) => finished === values.length,
    );
  };
  return { app, topic, send, worker };
}

describe('an app in a program that has not configured logging', () => {
  it('writes skipped events to standard error, whole, and counts every one', async () => {
    const lines = standardError();
    const { send, topic, worker } = await embedded();
    await send('{"detail":{"field":"{age}"}} \u001b[2J');
    expect(worker.stats().agents.picky).toMatchObject({ skipped: 1 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT.*Z warning streamer\.worker: /);
    expect(lines[0]).toContain(`skipped ${topic.name}[0]@0 (agent "picky"): RangeError: {"detail":{"field":"{age}"}} `);
    expect(lines[0]).not.toContain('\u001b');
  });

  it('writes dead letters and retries', async () => {
    const lines = standardError();
    const { send } = await embedded(retry({ attempts: 2, delayMs: 1 }).otherwise(deadLetter()));
    await send('bad');
    expect(
      lines.map((line) =>
        line
          .replace(/^\S+ /, '')
          .replace(/ of .*/, '')
          .trim(),
      ),
    ).toEqual(['info streamer.worker: attempt 1', 'warning streamer.worker: dead letter']);
  });

  it('writes nothing where logging is switched off, by the app or by the start', async () => {
    const lines = standardError();
    const { send } = await embedded(skip(), { logging: false });
    await send('bad', 'fine');
    expect(lines).toEqual([]);
  });
});

describe('an app in a program that has configured logging', () => {
  /** LogTape with a sink that takes lines of these loggers. */
  function configured(...loggers: Array<LoggerConfig<'own', never>>): string[] {
    const own: string[] = [];
    const meta: LoggerConfig<'own', never> = { category: ['logtape', 'meta'], lowestLevel: 'error' };
    configureSync<'own', never>({ sinks: { own: ({ message }) => own.push(message.join('')) }, loggers: [...loggers, meta] });
    return own;
  }

  it('writes to standard error what no sink would take: the program has configured loggers of its own alone', async () => {
    const lines = standardError();
    const own = configured({ category: ['shop'], lowestLevel: 'debug', sinks: ['own'] });
    const { send } = await embedded();
    await send('bad');
    expect(own).toEqual([]);
    expect(lines.join('')).toContain('RangeError: bad');
  });

  it('writes to a sink for all categories, and nowhere where the program has switched the library off', async () => {
    const lines = standardError();
    const own = configured({ category: [], lowestLevel: 'info', sinks: ['own'] });
    await (await embedded()).send('bad');
    expect(own.join('')).toContain('RangeError: bad');
    resetSync();
    configured({ category: 'streamer', sinks: [] });
    await (await embedded()).send('bad');
    expect(lines).toEqual([]);
  });

  it('writes to its sinks, whole, and not to standard error', async () => {
    const lines = standardError();
    const own: string[] = [];
    configureLogging({ level: 'warning', format: 'json', write: (line) => own.push(line) });
    const { send } = await embedded();
    await send('{"detail":1}');
    expect(lines).toEqual([]);
    expect(own).toHaveLength(1);
    expect(JSON.parse(own[0] ?? '')).toMatchObject({
      level: 'warning',
      logger: 'streamer.worker',
      message: expect.stringContaining('RangeError: {"detail":1}'),
    });
  });
});

describe('other lines of the library', () => {
  it('go to standard error while an app runs that logs, one a second of each kind, whole, and nowhere when it has stopped', async () => {
    const lines = standardError();
    const { app } = await embedded();
    const log = libraryLog('source.postgres');
    for (const about of ['{about}', 'b', 'c']) log.warning('slot {slot}: {about}', { slot: 's\u001b[2J', about });
    log.debug('{x}', { x: 1 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/Z warning streamer\.source\.postgres: slot s\\x1b\[2J: \{about\}\n$/);
    await app.stop();
    expect(lines[1]).toContain('slot s\\x1b[2J: c (the last of 2 within a second)');
    log.warning('slot {slot}', { slot: 's' });
    expect(lines).toHaveLength(2);
  });

  it('warn of an event loop that is blocked', async () => {
    const lines = standardError();
    await embedded(skip(), { sessionTimeoutMs: 6_000 });
    const until = Date.now() + 2_400;
    while (Date.now() < until);
    await expect.poll(() => lines.join('')).toContain('the event loop was blocked for 2.');
  });
});

describe('many events of one kind', () => {
  it('are one line a second, with their number; another kind and agent has its own', () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const worker = new EventEmitter();
    const loud: Loud = { on: (event, listener) => worker.on(event, listener as () => void), stopped: new Promise(() => {}) };
    logWorker(loud, (line) => lines.push(line.replace(/^.*streamer\.worker: /, '')));
    const skipped = (agent: string, offset: number) =>
      worker.emit('skipped', { agent, topic: 't', partition: 0, offset, error: new Error('no') });
    for (let n = 0; n < 1_000; n++) skipped('a', n);
    skipped('b', 0);
    expect(lines).toEqual(['skipped t[0]@0 (agent "a"): Error: no\n', 'skipped t[0]@0 (agent "b"): Error: no\n']);
    vi.advanceTimersByTime(1_000);
    expect(lines.slice(2)).toEqual(['skipped t[0]@999 (agent "a"): Error: no (the last of 999 within a second)\n']);
    skipped('a', 1_000);
    vi.advanceTimersByTime(999);
    expect(lines).toHaveLength(3);
    vi.advanceTimersByTime(1);
    expect(lines.slice(3)).toEqual(['skipped t[0]@1000 (agent "a"): Error: no\n']);
    vi.advanceTimersByTime(5_000);
    skipped('a', 1_001);
    expect(lines.slice(4)).toEqual(['skipped t[0]@1001 (agent "a"): Error: no\n']);
    for (const event of ['waiting', 'resumed', 'warning'] as const)
      worker.emit(event, {
        agent: 'a',
        error: new Error('x'),
        waitedMs: 1,
      });
    expect(lines).toHaveLength(8);
  });
});

describe('log lines', () => {
  it('never hold data in their templates, where braces would be taken for placeholders', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(500);
    const wrong = files.filter((file) =>
      /\blog\.(trace|debug|info|warn|warning|error|fatal)\(\s*(?!['"\s])/.test(readFileSync(`src/${file}`, 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('survive values that hold themselves, and errors that throw when they are read', async () => {
    const { getLogger } = await import('@logtape/logtape');
    for (const format of ['plain', 'json', 'pretty'] as const) {
      const lines: string[] = [];
      configureLogging({ level: 'info', format, write: (line) => lines.push(line) });
      const circle: Record<string, unknown> = { name: 'circle' };
      circle.self = circle;
      const hostile = new Proxy(new Error('x'), {
        get: () => {
          throw new Error('no');
        },
        getPrototypeOf: () => {
          throw new Error('no');
        },
      });
      getLogger(['streamer', 'test']).info('{circle} and {hostile} and {plain}', { circle, hostile, plain: { a: 1n } });
      expect(lines, format).toHaveLength(1);
      expect(lines[0]).toContain('cannot be shown');
    }
  });
});
