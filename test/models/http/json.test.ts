import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../src/models/http/json.ts';

describe('readJson', () => {
  it.each([
    ['[NaN, Infinity, -Infinity, 1]', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]],
    ['{"p": NaN, "name": "NaN \\" Infinity"}', { p: Number.NaN, name: 'NaN " Infinity' }],
    ['"NaN"', 'NaN'],
    ['NaN', Number.NaN],
    ['[[1, NaN], {"a\\\\": Infinity}]', [[1, Number.NaN], { 'a\\': Number.POSITIVE_INFINITY }]],
  ])('%s', (text, value) => expect(readJson(text)).toEqual(value));

  it.each(['[nan]', '[NaN', '{NaN: 1}x', '[1, undefined]', '', '<html>Infinity</html>', '["a" NaN]', '[-NaN]'])('refuses %s', (text) => {
    expect(() => readJson(text)).toThrow(SyntaxError);
  });

  it('reads what Python writes: any value, with tokens in place of some numbers', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('tree'),
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(readJson(dumps(value))).toEqual(value);
      }),
    );
  });

  it('takes a megabyte of text without running out of stack', () => {
    const long = 'x\\"'.repeat(400_000);
    expect(readJson(`["${long}", NaN]`)).toEqual(['x"'.repeat(400_000), Number.NaN]);
  });
});

/** As Python's json.dumps: numbers that JSON lacks are written by their names. */
function dumps(value: unknown): string {
  if (typeof value === 'number') return String(value === 0 ? 0 : value);
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}: ${dumps(inner)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
}
