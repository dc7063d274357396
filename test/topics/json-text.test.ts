import { describe, expect, it } from 'vitest';
import { json } from '../../src/topics/index.ts';

const serde = json();
const context = { topic: 't', part: 'value' } as const;
const read = (text: string) => serde.decode(Buffer.from(text), context);
const written = (value: unknown) => String(serde.encode(value, context));

/** Ways to hold a value, each looked at by code of its own. */
const holders: ReadonlyArray<readonly [name: string, hold: (part: unknown) => unknown, path: string]> = [
  ['alone', (part) => part, ''],
  ['in an object', (part) => ({ a: 1, b: part }), 'b'],
  ['first in a list', (part) => [part, 2], '[0]'],
  ['behind numbers', (part) => [1, 0.5, part], '[2]'],
  ['behind a string', (part) => ['x', part], '[1]'],
  ['deep down', (part) => nested(part, 150), 'f.'.repeat(150).slice(0, -1)],
];

function nested(part: unknown, depth: number): unknown {
  let value = part;
  for (let i = 0; i < depth; i++) value = { f: value };
  return value;
}

describe.each(holders)('writing a value %s', (_, hold, path) => {
  it('refuses what JSON.stringify would change, and names the place', () => {
    for (const part of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new Map(), new Date(Number.NaN), () => 1, 1n])
      expect(() => written(hold(part))).toThrow(path === '' ? 'value: ' : `value: ${path}: `);
  });

  it('keeps -0, and what toJSON returns', () => {
    expect(written(hold(-0))).toBe(JSON.stringify(hold('#')).replace('"#"', '-0'));
    expect(written(hold({ toJSON: () => ({ x: -0 }) }))).toBe(JSON.stringify(hold('#')).replace('"#"', '{"x":-0}'));
    const hidden = Object.defineProperty({}, 'toJSON', { value: () => Number.NaN });
    expect(() => written(hold(hidden))).toThrow(/NaN has no JSON form/);
  });

  it('writes the rest as JSON.stringify does', () => {
    for (const part of ['', 'ä"\ud800', true, null, 0, -1.5, 1e300, [], {}, [null], { a: undefined, b: [[]] }, Object.create(null)])
      expect(written(hold(part))).toBe(JSON.stringify(hold(part)));
  });
});

it('refuses a hole in a list', () => {
  const list = [1];
  list[2] = 3;
  expect(() => written(list)).toThrow(/\[1\]: undefined has no JSON form/);
});

it('refuses numbers that would be read as infinite, however they are written', () => {
  const digits = (count: number) => '1'.repeat(count);
  for (const number of [
    '1e400',
    '-1E+400',
    '1e0400',
    '1.5e309',
    digits(310),
    `-${digits(400)}.5`,
    `${digits(250)}e99`,
    `${digits(211)}e+99`,
  ])
    for (const text of [
      number,
      `[1,${number}]`,
      `{"a":${'[2,'.repeat(200)}${number}${']'.repeat(200)}}`,
      `{"long":"${'x'.repeat(1_000)}","b":${number}}`,
    ])
      expect(() => read(text), text.slice(0, 80)).toThrow(/a number beyond 1.8e308/);
});

it('reads texts that only look like it', () => {
  for (const value of [`${'7'.repeat(1_000)}`, { '1e400': '1e999' }, 1e308, -1e-308, 'e1000', [`${'0'.repeat(400)}e99`]])
    expect(read(JSON.stringify(value))).toEqual(value);
  expect(read(`0.${'3'.repeat(500)}`)).toBe(1 / 3);
  expect(read(`1${'0'.repeat(250)}e-200`)).toBe(1e50);
});
