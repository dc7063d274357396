import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HANDLERS } from '../../src/broker/handlers/handlers.ts';
import { type Api, apiCodec, isFlexible } from '../../src/broker/protocol/api.ts';
import { codec } from '../../src/broker/protocol/codec.ts';
import type { AnyField, Fields } from '../../src/broker/protocol/field.ts';
import { array, int32, string } from '../../src/broker/protocol/field.ts';
import { Reader } from '../../src/broker/protocol/reader.ts';
import { Writer } from '../../src/broker/protocol/writer.ts';

/** Any value that a message of these fields may have in this version, read off its table. */
function valueOf(fields: Fields, version: number, flexible: boolean): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const isPresent = field.since <= version && version <= field.until && (field.tag === undefined || flexible);
    return [name, isPresent ? fieldValue(field, version, flexible) : fc.constant(field.fallback)] as const;
  });
  return fc.record(Object.fromEntries(entries));
}

function fieldValue(field: AnyField, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  const value = plainValue(field, version, flexible);
  return field.nullableSince <= version ? fc.option(value, { nil: null }) : value;
}

function plainValue(field: AnyField, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  switch (field.type) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32_768, max: 32_767 });
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 40 });
    case 'uuid':
      return fc.uuid().map((uuid) => uuid.replaceAll('-', ''));
    case 'bytes':
      return bytes;
    case 'records':
      return bytes.map((one) => [one]);
    case 'array':
      return fc.array(plainValue(field.item as AnyField, version, flexible), { maxLength: 3 });
    case 'struct':
      return valueOf(field.fields as Fields, version, flexible);
  }
}

const everyVersion = HANDLERS.flatMap(({ api }) =>
  Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, i) => ({ api, name: api.name, version: api.versions[0] + i })),
);

function roundTrip(api: Api, version: number, side: 'request' | 'response'): void {
  const { encode, decode } = apiCodec(api, version)[side];
  fc.assert(
    fc.property(valueOf(api[side], version, isFlexible(api, version)), (value) => {
      const writer = new Writer(8);
      encode(writer, value as never);
      const reader = new Reader(Buffer.concat(writer.finish()));
      expect(decode(reader)).toEqual(value);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 25 },
  );
}

describe('what is encoded is decoded to the same', () => {
  test.each(everyVersion)('$name version $version', ({ api, version }) => {
    roundTrip(api, version, 'request');
    roundTrip(api, version, 'response');
  });
});

describe('any bytes', () => {
  test.each(everyVersion)('as $name version $version are read or refused, never more', ({ api, version }) => {
    const { request } = apiCodec(api, version);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          request.decode(new Reader(Buffer.from(bytes), { stringBytes: 100, items: 100 }));
        } catch (error) {
          expect((error as Error).name).toBe('MalformedRequest');
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the writer', () => {
  test('counts what it gives', () => {
    const records = fc.array(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)));
    fc.assert(
      fc.property(records, fc.boolean(), fc.string(), (buffers, compact, text) => {
        const writer = new Writer(4);
        writer.string(text, compact);
        writer.records(buffers, compact);
        writer.int64(-1);
        const { length } = writer;
        expect(Buffer.concat(writer.finish()).length).toBe(length);
      }),
    );
  });

  test('passes record batches on without a copy', () => {
    const batch = Buffer.from('a batch');
    const writer = new Writer();
    writer.records([batch], false);
    expect(writer.finish()).toContain(batch);
  });

  test('writes 64-bit integers as two halves, negative ones too', () => {
    const bytesOf = (value: number) => {
      const writer = new Writer();
      writer.int64(value);
      return Buffer.concat(writer.finish()).readBigInt64BE(0);
    };
    for (const value of [0, 1, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
      expect(bytesOf(value)).toBe(BigInt(value));
  });
});

describe('limits of the reader', () => {
  const words = codec({ words: array({ word: string() }) }, 0, false);
  const encoded = (count: number, length: number) => {
    const writer = new Writer();
    words.encode(writer, { words: Array.from({ length: count }, () => ({ word: 'x'.repeat(length) })) });
    return Buffer.concat(writer.finish());
  };

  test('hold for strings and for items of arrays', () => {
    const limits = { stringBytes: 10, items: 5 };
    expect(words.decode(new Reader(encoded(5, 10), limits)).words).toHaveLength(5);
    expect(() => words.decode(new Reader(encoded(6, 1), limits))).toThrow(/more than 5 array items/);
    expect(() => words.decode(new Reader(encoded(1, 11), limits))).toThrow(/over the limit of 10/);
  });

  test('an array longer than its frame is refused before anything is made', () => {
    expect(() => words.decode(new Reader(Buffer.from([0x7f, 0xff, 0xff, 0xff])))).toThrow(/does not fit/);
  });

  test('a tagged field that is not known is passed over', () => {
    const tagged = codec({ known: int32({ tag: 1 }) }, 0, true);
    const reader = new Reader(Buffer.from([2, 0, 1, 99, 1, 4, 0, 0, 0, 7]));
    expect(tagged.decode(reader)).toEqual({ known: 7 });
    expect(reader.remaining).toBe(0);
  });
});
