import { expect, it } from 'vitest';
import { exactJson } from '../../src/topics/index.ts';

const serde = exactJson();
const context = { topic: 't', part: 'value' } as const;
const read = (text: string) => serde.decode(Buffer.from(text), context);
const written = (value: unknown) => String(serde.encode(value, context));

it('reads whole numbers that a number cannot hold as bigint, and nothing else', () => {
  expect(read('{"a":9007199254740993,"b":[-9223372036854775808,9007199254740991],"c":1.5,"d":1e20}')).toEqual({
    a: 9_007_199_254_740_993n,
    b: [-9_223_372_036_854_775_808n, 9_007_199_254_740_991],
    c: 1.5,
    d: 1e20,
  });
  expect(read('{"text":"9007199254740993 \\"9007199254740993","x":12345678901234567890.5,"ts_ns":1795301077785371001}')).toEqual({
    text: '9007199254740993 "9007199254740993',
    x: Number('12345678901234567890.5'),
    ts_ns: Number('1795301077785371001'),
  });
});

it('leaves the digits of fractions and exponents alone', () => {
  const text = '[0.30000000000000004,-1.7976931348623157E308,0.12345678901234568,9007199254740993,0.12345678901234567891e5]';
  expect(read(text)).toEqual([
    0.30000000000000004,
    -1.7976931348623157e308,
    0.12345678901234568,
    9_007_199_254_740_993n,
    12345.678901234567,
  ]);
});

it('writes them as they were', () => {
  const text = '{"a":9007199254740993,"b":"9007199254740993","c":[18446744073709551616,null]}';
  expect(written(read(text))).toBe(text);
  expect(written({ a: 1 })).toBe('{"a":1}');
});

it('refuses what is no JSON, and what has no JSON form', () => {
  expect(() => read('{"a":90071992547409930000')).toThrow(/value: not JSON/);
  expect(() => written(undefined)).toThrow(/value: undefined has no JSON form/);
  const circle: unknown[] = [];
  circle.push(circle);
  expect(() => written(circle)).toThrow(/cannot be written as JSON/);
});
