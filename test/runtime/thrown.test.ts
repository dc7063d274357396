import { type App, deadLetter, each, json, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeError, errorText, isStreamerError, messageOf, propertyOf } from '../../src/errors.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function fail(): never {
  throw new Error('reading me throws');
}

const circle = Object.assign(new Error('a circle'), { self: {} as unknown });
circle.cause = circle;
circle.self = circle;

/** Everything that a handler may throw, with a part of the message that stands for it. */
const THROWN: ReadonlyArray<readonly [string, unknown, string]> = [
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a string', 'plain text', 'plain text'],
  ['a number', 7, '7'],
  ['a bigint', 7n, '7'],
  ['a symbol', Symbol('sign'), 'sign'],
  ['a function', () => 1, '=> 1'],
  ['an object', { detail: 'of it' }, 'of it'],
  ['an object without prototype', Object.assign(Object.create(null), { detail: 'bare' }), 'bare'],
  ['an object that holds itself', circle.self, 'a circle'],
  [
    'a circle without a message',
    (() => {
      const own: Record<string, unknown> = {};
      own.self = own;
      return own;
    })(),
    'cannot be shown',
  ],
  [
    'getters that throw',
    Object.defineProperties(new Error('x'), {
      // First: V8 reads the message when it makes the stack.
      stack: { get: fail },
      message: { get: fail },
      cause: { get: fail },
      code: { get: fail },
      name: { get: fail },
    }),
    '',
  ],
  [
    'a proxy whose traps all throw',
    new Proxy(new Error('x'), { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail, getOwnPropertyDescriptor: fail }),
    'cannot be shown',
  ],
  [
    'a revoked proxy',
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
    'cannot be shown',
  ],
  ['a message that is no string', Object.assign(new Error('x'), { message: { deep: true } }), 'deep'],
  ['toString that throws', { toString: fail, toJSON: fail }, 'cannot be shown'],
];

describe('reading an error never throws', () => {
  it.each(THROWN.map(([name], at) => [name, at] as const))('%s', (_, at) => {
    const [, thrown, words] = THROWN[at] ?? ['', undefined, ''];
    expect(messageOf(thrown)).toContain(words);
    expect(describeError(thrown)).toContain(words);
    expect(isStreamerError(thrown)).toBe(false);
    expect(propertyOf(thrown, 'nothing')).toBeUndefined();
    const { name, message, stack } = errorText(thrown);
    expect([typeof name, typeof message, typeof stack]).toEqual(['string', 'string', 'string']);
  });
});

describe('whatever a handler throws', () => {
  it('fails its event alone, and is told in its dead letter', async () => {
    const app = testAppOf('thrown');
    running.push(app);
    const numbers = app.topic(unique('numbers'), { key: string(), value: json(z.number()) });
    const throwing = (value: number) => {
      if (value < THROWN.length) throw THROWN[value]?.[1];
    };
    app.agent('each', numbers, each(throwing), { onError: deadLetter() });
    app.agent(
      'generator',
      numbers,
      async (stream) => {
        for await (const { value } of stream) throwing(value);
      },
      { onError: deadLetter() },
    );
    app.agent(
      'sink',
      numbers,
      each((value: number) => value),
      { to: async (value: number) => throwing(value), onError: deadLetter() },
    );
    const worker = await started(app);
    for (let n = 0; n <= THROWN.length; n++) await numbers.send({ key: String(n), value: n });
    const names = ['each', 'generator', 'sink'] as const;
    await until(
      () => names.map((name) => worker.stats().agents[name]?.finished),
      (finished) => finished.every((count) => count === THROWN.length + 1),
    );
    expect(names.map((name) => worker.stats().agents[name]?.failed)).toEqual(names.map(() => THROWN.length));
    expect(worker.state).toBe('ready');
    const letters = await readAll(`${numbers.name}.${app.id}.dlq`);
    for (const [n, [, , words]] of THROWN.entries())
      for (const name of ['each', 'generator']) {
        const letter = letters.find(({ key, headers }) => String(key) === String(n) && String(headers?.['streamer.dlq.agent']) === name);
        expect(String(letter?.headers?.['streamer.dlq.message'])).toContain(words);
      }
  });
});
