import { describe, expect, it } from 'vitest';
import {
  anything,
  type Check,
  checkOptions,
  durationMs,
  fields,
  MAX_TIMER_MS,
  numberFrom,
  oneOf,
  positiveNumber,
  problemsIn,
  wholeNumber,
} from '../../src/options/index.ts';

const accepts = (check: Check, values: readonly unknown[]) => values.filter((value) => check.fits(value));

describe('a check', () => {
  it.each<[string, Check, readonly unknown[], readonly unknown[]]>([
    ['of a whole number', wholeNumber(1), [1, 2 ** 40], [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, 2 ** 60]],
    ['of a range', wholeNumber(0, 9), [0, 9], [-1, 10]],
    ['of a number', numberFrom(1), [1, 1.5, Number.POSITIVE_INFINITY], [0.9, Number.NaN, '2']],
    ['of a positive number', positiveNumber, [1e-9, 1e9], [0, -1, Number.POSITIVE_INFINITY]],
    ['of a time', durationMs(0), [0, 0.5, MAX_TIMER_MS], [-1, MAX_TIMER_MS + 1, Number.POSITIVE_INFINITY, Number.NaN, '5']],
    ['of words', oneOf(['a', 'b']), ['a', 'b'], ['c', undefined, 0]],
  ])('%s takes what fits and nothing else', (_name, check, right, wrong) => {
    expect(accepts(check, [...right, ...wrong])).toEqual(right);
  });
});

describe('options', () => {
  const checks = { size: wholeNumber(1), batch: fields({ waitMs: durationMs(0) }), key: anything };

  it.each([
    ['a text', 'ann:hunter2@host', 'a string'],
    ['a number', 5, 'a number'],
    ['nothing', null, 'null'],
    ['undefined', undefined, 'undefined'],
  ])('that are %s instead are one problem, and the text is not shown', (_, options, got) => {
    expect(() => checkOptions('it', options as never, checks as never)).toThrowError(
      expect.objectContaining({ code: 'CONFIG', problems: [`it: expected an object with size, batch, key, got ${got}`] }),
    );
  });

  it('are reported together, each with what was expected and what came', () => {
    expect(() => checkOptions('it', { size: 0, batch: { waitMs: -1, wait: 3 }, sise: 3 }, checks as never)).toThrowError(
      expect.objectContaining({
        code: 'CONFIG',
        problems: [
          'it: size: expected a whole number of at least 1, got 0',
          'it: batch.waitMs: expected milliseconds from 0 to 2147483647 (24.8 days), got -1',
          'it: unknown option "batch.wait", expected one of waitMs',
          'it: unknown option "sise", expected one of size, batch, key',
        ],
      }),
    );
  });

  it('that are absent or undefined fit, also where they hold others', () => {
    expect(problemsIn({}, checks)).toEqual([]);
    expect(problemsIn({ size: undefined, batch: {} }, checks)).toEqual([]);
  });

  it('that are no object where one is expected are refused', () => {
    expect(problemsIn({ batch: 3 }, checks)).toEqual(['batch: expected an object, got 3']);
    expect(problemsIn({ batch: [1] }, checks)).toEqual(['batch: expected an object, got [1]']);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])('named %s, as a property of Object is, are unknown', (name) => {
    expect(problemsIn(JSON.parse(`{ ${JSON.stringify(name)}: 1 }`), checks)).toEqual([expect.stringContaining(`unknown option "${name}"`)]);
  });
});
