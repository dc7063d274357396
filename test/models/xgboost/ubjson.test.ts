import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { XgboostEvaluator } from '../../../src/models/index.ts';
import { readUbjson } from '../../../src/models/xgboost/ubjson.ts';
import { bytesOf, smallModel } from '../support/small-model.ts';
import { writeUbjson } from '../support/ubjson-writer.ts';

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const key = fc.string({ unit: 'binary', maxLength: 8 });
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.float32Array(),
    fc.int32Array(),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
}));

describe('readUbjson', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(plain(readUbjson(writeUbjson(value)))).toEqual(plain(value));
      }),
    );
  });

  it('refuses every shorter piece', () => {
    fc.assert(
      fc.property(anything, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (value, part) => {
        const whole = writeUbjson(value);
        expect(() => readUbjson(whole.subarray(0, Math.floor(whole.length * part)))).toThrow('damaged UBJSON at byte');
      }),
    );
  });

  it('throws nothing but ConfigError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        try {
          readUbjson(noise);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG' });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads all kinds of numbers, no-ops, characters, and containers without count', () => {
    expect(readUbjson(bytes('[Ni\xffNU\xffI\xff\xfel\xff\xff\xff\xfdd?\x80\x00\x00CaTFZ]'))).toEqual([
      -1,
      255,
      -2,
      -3,
      1,
      'a',
      true,
      false,
      null,
    ]);
    expect(readUbjson(bytes('{i\x01ai\x01U\x01bSi\x02hi}'))).toEqual({ a: 1, b: 'hi' });
    expect(readUbjson(bytes('{$i#i\x02i\x01a\x05i\x01b\x06'))).toEqual({ a: 5, b: 6 });
    expect(readUbjson(bytes('[$S#i\x02i\x01ai\x01b'))).toEqual(['a', 'b']);
    expect(readUbjson(bytes('[$I#i\x02\x00\x01\xff\xff'))).toEqual(Int16Array.of(1, -1));
    expect(readUbjson(bytes('[$D#i\x01?\xf0\x00\x00\x00\x00\x00\x00'))).toEqual(Float64Array.of(1));
  });

  it('keeps a key that names the prototype as a key', () => {
    const object = readUbjson(bytes('{i\x09__proto__i\x01}')) as object;
    expect(Object.keys(object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(object)).toBeNull();
  });

  it.each([
    ['[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff', 'too large'],
    ['[$d#l\x7f\xff\xff\xff', 'bytes are announced'],
    ['[#l\x7f\xff\xff\xff', 'bytes are announced'],
    ['[$Z#l\x7f\xff\xff\xff', 'a container of Z'],
    ['[$i\x01', 'a container with a type must have a count'],
    ['[#i\xff', 'a length of -1'],
    ['[#d\x00\x00\x00\x00', 'a length must be an integer'],
    ['{i\x01ai\x01i\x01ai\x02}', 'the key "a" comes twice'],
    ['Si\x01\xff', 'a string that is not UTF-8'],
    ['Hi\x0112', '"H" is not a type'],
    ['i\x01i\x02', '2 bytes after the end'],
    ['['.repeat(65), 'nested deeper than 64'],
    ['L\x7f\xff\xff\xff\xff\xff\xff\xff', 'is too large'],
  ])('refuses %j', (text, message) => {
    expect(() => readUbjson(bytes(text))).toThrow(message);
  });
});

it('a model in UBJSON is the model in JSON', () => {
  const model = smallModel({ trees: [{ feature: 1, below: 0.3, left: 1, right: 2 }], names: ['a', 'ü'] });
  const rows = Float32Array.of(0, 0.3, 0, 0.29);
  const [json, ubjson] = [bytesOf(model), writeUbjson(model)].map((file) => new XgboostEvaluator(file));
  expect(ubjson?.margins(rows, 2)).toEqual(json?.margins(rows, 2));
  expect(ubjson?.file.featureNames).toEqual(['a', 'ü']);
});

/** -0 is written as a 64-bit float, NaN does not occur; objects lose their prototype. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([name, item]) => [name, plain(item)]);
  return value;
}
