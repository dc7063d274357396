import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { codecOf, loadCodec } from '../../src/wire/compression/codecs.ts';
import { COMPRESSIONS, Compression } from '../../src/wire/compression/compression.ts';
import type { CompressionError } from '../../src/wire/compression/compression-error.ts';
import { loadZstd } from '../../src/wire/compression/zstd.ts';

const MB = 1024 * 1024;
const NAMES = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const numberOf = (name: (typeof NAMES)[number]): number => COMPRESSIONS.indexOf(name);

function problemOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as CompressionError).problem;
  }
}

beforeAll(async () => {
  for (const name of NAMES) await loadCodec(numberOf(name));
});

describe.each(NAMES)('%s', (name) => {
  const codec = () => codecOf(numberOf(name));

  it('gives back what it was given, of any size', () => {
    const inputs = [0, 1, 12, 100, 70_000, 2 * MB].flatMap((size) => [Buffer.alloc(size, 'streamer '), randomBytes(size)]);
    for (const input of inputs) {
      const output = codec().decompress(codec().compress(input), input.length);
      expect(createHash('md5').update(output).digest('hex')).toBe(createHash('md5').update(input).digest('hex'));
    }
  });

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const input = Buffer.from(bytes);
        expect(codec().decompress(codec().compress(input), 400).equals(input)).toBe(true);
      }),
    );
  });

  it('makes text smaller', () => {
    const text = Buffer.from(Array.from({ length: 1000 }, (_, i) => `{"id":${i},"name":"customer"}`).join('\n'));
    expect(codec().compress(text).length).toBeLessThan(text.length / 2);
  });

  it('refuses what expands beyond the limit, and allocates no more than that', () => {
    const bomb = codec().compress(Buffer.alloc(64 * MB));
    const before = process.memoryUsage.rss();
    expect(problemOf(() => codec().decompress(bomb, MB))).toBe('too-large');
    expect(process.memoryUsage.rss() - before).toBeLessThan(20 * MB);
    expect(codec().decompress(codec().compress(Buffer.alloc(MB)), MB)).toHaveLength(MB);
    expect(problemOf(() => codec().decompress(codec().compress(Buffer.alloc(MB + 1)), MB))).toBe('too-large');
  });

  it('refuses data that is cut anywhere', () => {
    const whole = codec().compress(Buffer.from(Array.from({ length: 400 }, (_, i) => `${i} ${i * 7919}`).join(' ')));
    for (let length = 0; length < whole.length; length += 7) {
      expect(
        problemOf(() => codec().decompress(whole.subarray(0, length), MB)),
        `cut to ${length} of ${whole.length}`,
      ).toBe('corrupt');
    }
  });

  it('survives any noise: it is refused, or gives no more than the limit', () => {
    const whole = codec().compress(Buffer.from(Array.from({ length: 400 }, (_, i) => `${i} ${i * 7919}`).join(' ')));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.boolean(), (at, noise, isWhole) => {
        const bytes = isWhole ? Buffer.from(noise) : Buffer.from(whole);
        if (!isWhole) bytes.set(noise.subarray(0, bytes.length - at), at);
        try {
          expect(codec().decompress(bytes, 10_000).length).toBeLessThanOrEqual(10_000);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CompressionError', code: 'DECODE' });
        }
      }),
      { numRuns: 500 },
    );
    expect(
      codec()
        .decompress(codec().compress(Buffer.from('still works')), 100)
        .toString(),
    ).toBe('still works');
  });
});

describe('snappy', () => {
  it('is written as the Java client reads it: a header, then blocks of 32 KiB', () => {
    const bytes = codecOf(Compression.SNAPPY).compress(Buffer.alloc(40_000, 'x'));
    expect(bytes.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    expect(16 + 4 + bytes.readInt32BE(16) + 4 + bytes.readInt32BE(20 + bytes.readInt32BE(16))).toBe(bytes.length);
  });

  it('does not believe a length that the bytes cannot hold', () => {
    const claims4Gib = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]);
    expect(problemOf(() => codecOf(Compression.SNAPPY).decompress(claims4Gib, 2 ** 40))).toBe('corrupt');
  });
});

describe('zstd', () => {
  it('works without the codec of Node, as on Node 20', async () => {
    const codec = await loadZstd({});
    const input = Buffer.alloc(6 * MB, 'streamer ');
    const packed = codec.compress(input);
    expect(codec.decompress(packed, input.length).equals(input)).toBe(true);
    expect(problemOf(() => codec.decompress(packed, MB))).toBe('too-large');
  });

  it('goes on where another copy of the package loads the same codec meanwhile', async () => {
    const input = Buffer.from('streamer '.repeat(500));
    const codec = await loadZstd({});
    const packed = codec.compress(input);
    for (let load = 0; load < 10; load++) {
      const again = loadZstd({});
      for (let turn = 0; turn < 10; turn++) {
        expect(codec.decompress(packed, MB).equals(input)).toBe(true);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await again).decompress(packed, MB).equals(input)).toBe(true);
    }
  });

  it('does not believe a size that is over the limit', () => {
    const claims3Gib = Buffer.from('28b52ffda0000000c0010000', 'hex');
    expect(problemOf(() => codecOf(Compression.ZSTD).decompress(claims3Gib, MB))).toBe('too-large');
  });
});

it('a compression that Kafka does not define is named', async () => {
  await loadCodec(6);
  expect(() => codecOf(6)).toThrow('compression 6 cannot be used: Kafka does not define it');
});

it('gzip reads several members, as gzip does', () => {
  const members = Buffer.concat([gzipSync('a'), gzipSync('b')]);
  expect(codecOf(Compression.GZIP).decompress(members, 10).toString()).toBe('ab');
});

describe('gzip with bytes behind its last member', () => {
  const gzip = () => codecOf(Compression.GZIP);
  const members = [
    ['one member', gzipSync('ab')],
    ['two members', Buffer.concat([gzipSync('a'), gzipSync('b')])],
    // As `gzip file` writes it: with the file's name.
    [
      'a member with a name',
      Buffer.concat([Buffer.from('1f8b0808000000000003', 'hex'), Buffer.from('name\0'), gzipSync('ab').subarray(10)]),
    ],
  ] as const;
  const behind = [
    '00',
    '0000000000',
    '1f',
    '1f8b',
    '1f8b08',
    '1f8b09000000000000ff0102',
    '1f8b080000000000',
    'ff',
    '010203040506070809',
    'aa'.repeat(40),
  ];

  it.each(members)('leaves them out, as Kafka does: %s', (_, member) => {
    for (const bytes of behind)
      expect(
        gzip()
          .decompress(Buffer.concat([member, Buffer.from(bytes, 'hex')]), 10)
          .toString(),
        bytes,
      ).toBe('ab');
  });

  it('still refuses a member that is damaged or too large, and one behind it', () => {
    const damaged = gzipSync('ab');
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 1, damaged.length - 6);
    const noise = Buffer.from('010203', 'hex');
    expect(problemOf(() => gzip().decompress(Buffer.concat([damaged, noise]), 10))).toBe('corrupt');
    expect(problemOf(() => gzip().decompress(Buffer.concat([gzipSync('a'), damaged, noise]), 10))).toBe('corrupt');
    expect(problemOf(() => gzip().decompress(Buffer.concat([gzipSync('a'), gzipSync('b').subarray(0, -1)]), 10))).toBe('corrupt');
    expect(problemOf(() => gzip().decompress(Buffer.concat([gzipSync('a'.repeat(MB)), noise]), 10))).toBe('too-large');
    expect(problemOf(() => gzip().decompress(noise, 10))).toBe('corrupt');
  });
});
