import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  avro,
  bytes,
  float32,
  float64,
  int16,
  int32,
  int64,
  murmur2,
  partitionOf,
  type Serde,
  string,
  uuid,
} from '../../src/topics/index.ts';
import { unique } from '../helpers/broker.ts';
import { type TestRegistry, testRegistry } from '../helpers/registry.ts';
import { bareSerde, native, readJson, registrySerde, type Written } from './foreign/values.ts';

const context = { topic: 'foreign', part: 'value' } as const;

let server: TestRegistry;
beforeAll(async () => {
  server = await testRegistry();
});
afterAll(() => server.close());

describe("what Kafka's Java client writes (foreign/Vectors.java)", () => {
  const java = readJson<{
    keys: number;
    partitions: number[];
    murmur2: string;
    chosen: string;
    serialized: Array<[string, string, string]>;
  }>('../fixtures/java.json');
  const serdes: Record<string, [Serde<never, unknown>, (text: string) => unknown]> = {
    int16: [int16(), Number],
    int32: [int32(), Number],
    int64: [int64(), BigInt],
    float32: [float32(), (text) => Math.fround(Number(text))],
    float64: [float64(), Number],
    string: [string(), String],
    uuid: [uuid(), String],
    bytes: [bytes(), (text) => Buffer.from(text, 'hex')],
  };

  it.each(java.serialized)('%s %j', (kind, text, hex) => {
    const [serde, valueOf] = serdes[kind]!;
    expect(serde.decode(Buffer.from(hex, 'hex'), context)).toEqual(valueOf(text));
    expect((serde.encode(valueOf(text) as never, context) as Buffer).toString('hex')).toBe(hex);
  });

  it('murmur2 and partitions of 100,000 random keys', () => {
    let state = 1;
    const next = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state;
    };
    const hashes = createHash('sha256');
    const chosen = createHash('sha256');
    const word = Buffer.alloc(4);
    for (let n = 0; n < java.keys; n++) {
      const key = Buffer.alloc(next() & 63);
      for (let at = 0; at < key.length; at++) key[at] = next() & 0xff;
      word.writeInt32BE(murmur2(key));
      hashes.update(word);
      for (const of of java.partitions) {
        word.writeInt32BE(partitionOf(key, of));
        chosen.update(word);
      }
    }
    expect({ murmur2: hashes.digest('hex'), chosen: chosen.digest('hex') }).toEqual({ murmur2: java.murmur2, chosen: java.chosen });
  });

  it('refuses numbers that do not fit their kind', () => {
    expect(() => int16().encode(32_768, context)).toThrow(/from -32768 to 32767, got 32768/);
    expect(() => int32().encode(1.5, context)).toThrow(/whole number/);
    expect(() => int64().encode(2n ** 63n, context)).toThrow(/a bigint of 64 bits, got 9223372036854775808n/);
    expect(() => int64().encode(1 as never, context)).toThrow(/got 1$/);
    expect(() => int32().decode(Buffer.alloc(8), context)).toThrow(/expected 4 bytes \(big-endian int32\), got 8/);
    expect(() => uuid().decode(Buffer.from('no'), context)).toThrow(/expected a UUID/);
  });
});

describe("what Confluent's Python client and fastavro write (foreign/confluent.py)", () => {
  it.each(readJson<Written[]>('../fixtures/foreign.json'))('$name', async (written) => {
    const at = { topic: unique('foreign'), part: 'value' } as const;
    const serde = registrySerde(written, { url: server.url });
    const id = await serde.registered!(at).register();
    for (const [index, value] of written.values.entries()) {
      const hex = written.bytes[index];
      if (hex) {
        const theirs = Buffer.from(hex, 'hex');
        theirs.writeUInt32BE(id, 1);
        expect(await serde.decode(theirs, at)).toEqual(native(value));
        expect(await serde.encode(native(value), at)).toEqual(theirs);
      }
      const bare = written.bare?.[index];
      if (bare === undefined) continue;
      expect(bareSerde(written).decode(Buffer.from(bare, 'hex'), at)).toEqual(native(value));
      expect((bareSerde(written).encode(native(value), at) as Buffer).toString('hex')).toBe(bare);
    }
  });
});

describe("records of old versions, as Confluent's Python client wrote them, read by the newest schema", () => {
  const Newest = {
    type: 'record',
    name: 'Client',
    namespace: 'shop',
    aliases: ['shop.Customer'],
    fields: [
      { name: 'balance', type: { type: 'bytes', logicalType: 'decimal', precision: 8, scale: 2 } },
      { name: 'id', type: 'long' },
      { name: 'name', type: 'string', aliases: ['nick'] },
      { name: 'level', type: { type: 'enum', name: 'Level', symbols: ['BASIC', 'GOLD'], default: 'BASIC' } },
      { name: 'score', type: 'double' },
      { name: 'mail', type: ['null', 'string'], default: null },
      { name: 'note', type: ['null', 'string'] },
      {
        name: 'homes',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Home',
            fields: [
              { name: 'street', type: 'string' },
              { name: 'city', type: 'string', default: '?' },
            ],
          },
        },
      },
      { name: 'since', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
    ],
  } as const;
  const since = new Date(0);
  const expected = [
    { id: 1n, name: 'ann', level: 'GOLD', score: 7, mail: null, note: 'n', homes: [{ street: 'a', city: '?' }], balance: '1.50', since },
    { id: 2n, name: 'bob', level: 'BASIC', score: -7, mail: 'b@c', note: '', homes: [], balance: '-0.01', since },
    // The newest schema has no BLACK: it reads its own default.
    {
      id: 5_000_000_000n,
      name: 'cid',
      level: 'BASIC',
      score: 0.5,
      mail: null,
      note: 'x',
      homes: [{ street: 'c', city: 'Bern' }],
      balance: '0.00',
      since,
    },
  ];

  it.each(readJson<Written[]>('../fixtures/evolution.json').map((written, index) => [written.name, written, expected[index]!] as const))(
    '%s',
    async (_, written, value) => {
      const at = { topic: unique('evolution'), part: 'value' } as const;
      const old = Buffer.from(written.bytes[0]!, 'hex');
      old.writeUInt32BE(await registrySerde(written, { url: server.url }).registered!(at).register(), 1);
      const reader = avro.confluent({ schema: Newest, long: 'bigint', registry: { url: server.url } });
      expect(await reader.decode(old, at)).toEqual(value);
      expect(reader.decode(old, at)).toEqual(value);
    },
  );

  it('refuses units that would make other values of the same numbers', async () => {
    const at = { topic: unique('units'), part: 'value' } as const;
    const registry = { url: server.url };
    const micros = avro.confluent({ schema: { type: 'long', logicalType: 'timestamp-micros' }, registry });
    const bytes = await micros.encode(5n, at);
    const millis = avro.confluent({ schema: { type: 'long', logicalType: 'timestamp-millis' }, registry });
    await expect(millis.decode(bytes, at)).rejects.toThrow(/timestamp-micros cannot be read as timestamp-millis/);
    const price = (scale: number) => avro.confluent({ schema: { type: 'bytes', logicalType: 'decimal', precision: 6, scale }, registry });
    const other = { topic: unique('units'), part: 'value' } as const;
    const two = await price(2).encode('1.00', other);
    await expect(price(3).decode(two, other)).rejects.toThrow(/decimal of scale 2 cannot be read as decimal of scale 3/);
    const plain = avro.confluent({ schema: 'long', registry });
    expect(await plain.decode(bytes, at)).toBe(5);
  });
});
