import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Api, apiCodec } from '../../src/wire/api.ts';
import { codec } from '../../src/wire/codec.ts';
import { array, int32, string } from '../../src/wire/field.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { everyVersion, messageOf } from '../helpers/messages.ts';
import { protocolTable } from './protocol-table.ts';

function roundTrip(api: Api, version: number, side: 'request' | 'response'): void {
  const { encode, decode } = apiCodec(api, version)[side];
  fc.assert(
    fc.property(messageOf(api, version, side), (value) => {
      const writer = new Writer(8);
      encode(writer, value as never);
      const reader = new Reader(Buffer.concat(writer.finish()));
      expect(decode(reader)).toEqual(value);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 25 },
  );
}

it('the documentation shows the tables as they are', () => {
  const docs = readFileSync(new URL('../../docs/broker-protocol.md', import.meta.url), 'utf8');
  expect(docs.split('<!-- table -->')[1]?.trim(), 'run `npm run docs:protocol`').toBe(protocolTable());
});

describe('what is encoded is decoded to the same', () => {
  it.each(everyVersion)('$name version $version', ({ api, version }) => {
    roundTrip(api, version, 'request');
    roundTrip(api, version, 'response');
  });
});

describe('any bytes', () => {
  it.each(everyVersion)('as $name version $version are read or refused, never more', ({ api, version }) => {
    const { request } = apiCodec(api, version);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          request.decode(new Reader(Buffer.from(bytes), { stringBytes: 100, items: 100 }));
        } catch (error) {
          expect((error as Error).name).toBe('MalformedMessage');
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the writer', () => {
  it('counts what it gives', () => {
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

  it('passes record batches on without a copy', () => {
    const batch = Buffer.from('a batch');
    const writer = new Writer();
    writer.records([batch], false);
    expect(writer.finish()).toContain(batch);
  });

  it('writes 64-bit integers as two halves, negative ones too', () => {
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

  it('hold for strings and for items of arrays', () => {
    const limits = { stringBytes: 10, items: 5 };
    expect(words.decode(new Reader(encoded(5, 10), limits)).words).toHaveLength(5);
    expect(() => words.decode(new Reader(encoded(6, 1), limits))).toThrow(/more than 5 array items/);
    expect(() => words.decode(new Reader(encoded(1, 11), limits))).toThrow(/over the limit of 10/);
  });

  it('an array longer than its frame is refused before anything is made', () => {
    expect(() => words.decode(new Reader(Buffer.from([0x7f, 0xff, 0xff, 0xff])))).toThrow(/does not fit/);
  });

  it('a tagged field that is not known is passed over', () => {
    const tagged = codec({ known: int32({ tag: 1 }) }, 0, true);
    const reader = new Reader(Buffer.from([2, 0, 1, 99, 1, 4, 0, 0, 0, 7]));
    expect(tagged.decode(reader)).toEqual({ known: 7 });
    expect(reader.remaining).toBe(0);
  });
});
