import { expect, it } from 'vitest';
import { ExactNumber, exactJson } from '../../src/topics/index.ts';

const serde = exactJson();
const context = { topic: 't', part: 'value' } as const;
const read = (text: string) => serde.decode(Buffer.from(text), context);
const written = (value: unknown) => String(serde.encode(value, context));

it('reads whole numbers that a number cannot hold as bigint, whatever they are named', () => {
  expect(read('{"a":9007199254740993,"b":[-9223372036854775808,9007199254740991],"c":1.5,"d":1e20}')).toEqual({
    a: 9_007_199_254_740_993n,
    b: [-9_223_372_036_854_775_808n, 9_007_199_254_740_991],
    c: 1.5,
    d: 1e20,
  });
  const text = '{"text":"9007199254740993 \\"9007199254740993","ts_ns":1795301077785371001,"__proto__":9007199254740993}';
  const parsed = read(text);
  expect(parsed).toMatchObject({ text: '9007199254740993 "9007199254740993', ts_ns: 1_795_301_077_785_371_001n });
  expect(written(parsed)).toBe(text);
});

it('reads other numbers that a number cannot hold with all their digits', () => {
  const text = '[0.30000000000000004,-1.7976931348623157e+308,0.12345678901234568,12345678901234567890.5,1e400,0.12345678901234567891e5]';
  expect(read(text)).toEqual([
    0.30000000000000004,
    -1.7976931348623157e308,
    0.12345678901234568,
    new ExactNumber('12345678901234567890.5'),
    new ExactNumber('1e400'),
    new ExactNumber('0.12345678901234567891e5'),
  ]);
  expect(written(read(text))).toBe(text);
  for (const bare of ['1e400', '1e-99', '-1e999', '[1e999]', '{"a":1e400}']) expect(written(read(bare))).toBe(bare);
  expect(() => new ExactNumber('0x10')).toThrow(/expected a number as JSON writes it/);
});

it('reads and writes texts of any length and depth', () => {
  const long = JSON.stringify({ a: 'x"\\'.repeat(4_000_000), n: 1 }).replace('"n":1', '"n":9007199254740993');
  expect((read(long) as { n: unknown }).n).toBe(9_007_199_254_740_993n);
  expect(written(read(long))).toBe(long);
  const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`;
  let part = read(deep);
  while (Array.isArray(part)) part = part[0];
  expect(part).toBe(9_007_199_254_740_993n);
  expect(() => written(read(deep))).toThrow(/value: cannot be written as JSON: it contains itself, or is nested too deeply/);
});

it('writes them as they were', () => {
  const text = '{"a":9007199254740993,"b":"9007199254740993","c":[18446744073709551616,null]}';
  expect(written(read(text))).toBe(text);
  expect(written({ a: 1 })).toBe('{"a":1}');
});

it('refuses what is no JSON, and what has no JSON form', () => {
  for (const text of ['{"a":90071992547409930000', '{90071992547409930000:1}', '[0090071992547409930000]', '[90071992547409930000x]'])
    expect(() => read(text)).toThrow(/value: not JSON/);
  expect(() => written(undefined)).toThrow(/value: undefined has no JSON form/);
  const circle: unknown[] = [];
  circle.push(circle);
  expect(() => written(circle)).toThrow(/cannot be written as JSON/);
});
