import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { avro } from '../../src/topics/index.ts';
import { unique } from '../helpers/broker.ts';
import { type TestRegistry, testRegistry } from '../helpers/registry.ts';

let server: TestRegistry;
beforeAll(async () => {
  server = await testRegistry();
});
afterAll(() => server.close());

type Schema = Parameters<typeof avro>[0];
const BIG = { long: 'bigint' } as const;
const at = () => ({ topic: unique('resolution'), part: 'value' }) as const;
const record = (...fields: readonly object[]) => ({ type: 'record', name: 'R', fields }) as never as Schema;
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const symbols = (of: string, more: object = {}) => ({ type: 'enum', name: 'E', symbols: [...of], ...more }) as Schema;
const micros = (logicalType: string) => ({ type: 'long', logicalType }) as Schema;

/** What a reader makes of what a writer wrote; the second time without waiting. */
async function read(writer: Schema, value: unknown, reader: Schema, options: { readonly long?: 'bigint' } = {}): Promise<unknown> {
  const registry = { url: server.url };
  const context = at();
  const bytes = await avro
    .confluent({ schema: writer, registry, long: typeof value === 'bigint' ? 'bigint' : 'number' })
    .encode(value as never, context);
  const serde = avro.confluent({ schema: reader, registry, ...options });
  await serde.decode(bytes, context);
  return plain(serde.decode(bytes, context));
}

/** Without avsc's own classes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

describe('schema resolution (Avro specification 1.12)', () => {
  const LOW = -(2 ** 53) + 1;
  it.each<[string, Schema, unknown, Schema, unknown]>([
    ['int as long', 'int', -5, 'long', -5],
    ['int as float, rounded to 24 bits', 'int', 16_777_217, 'float', 16_777_216],
    ['int as double', 'int', -5, 'double', -5],
    ['long as float, rounded to 24 bits', 'long', LOW, 'float', -(2 ** 53)],
    ['long as double, its sign kept', 'long', LOW, 'double', LOW],
    ['the lowest long as double', 'long', -(2n ** 63n), 'double', -(2 ** 63)],
    ['float as double', 'float', 0.5, 'double', 0.5],
    ['string as bytes', 'string', 'é', 'bytes', Buffer.from('é')],
    ['bytes as string', record(field('a', 'bytes')), { a: Buffer.from('é') }, record(field('a', 'string')), { a: 'é' }],
    ['bytes alone, which have no length, as string', 'bytes', Buffer.from('é'), 'string', 'é'],
    ['a branch of a union as what it is', ['null', 'int', 'string'], 5, 'long', 5],
    ['a branch that another union has', ['null', 'int', 'string'], null, ['string', 'null'], null],
    ['branches within arrays', { type: 'array', items: ['int', 'string'] }, [1, 2], { type: 'array', items: 'double' }, [1, 2]],
    ['what is no union as a branch', 'int', 5, ['null', 'string', 'long', 'double'], { long: 5 }],
    ['a plain union as a wrapped one', ['null', 'int'], 5, ['null', 'string', 'int', 'double'], { int: 5 }],
    ['symbols in another order', symbols('AB'), 'B', symbols('BA'), 'B'],
    ['a symbol that both have', symbols('ABC'), 'A', symbols('AB'), 'A'],
    ['a symbol that is not there as the default', symbols('ABC'), 'C', symbols('AB', { default: 'B' }), 'B'],
    [
      'a record in another namespace',
      { ...(record(field('a', 'int')) as object), namespace: 'old' } as Schema,
      { a: 1 },
      { ...(record(field('a', 'int')) as object), namespace: 'new.home' } as Schema,
      { a: 1 },
    ],
    [
      'fields in another order, one removed, one added',
      record(field('gone', { type: 'array', items: 'int' }), field('a', 'int'), field('b', 'string')),
      { gone: [1, 2], a: 1, b: 'x' },
      record(field('b', 'string'), field('new', { type: 'map', values: 'bytes' }, { default: { k: '\u00ff' } }), field('a', 'long')),
      { b: 'x', new: { k: Buffer.from([255]) }, a: 1 },
    ],
    [
      'a default that is a record with a logical type',
      record(),
      {},
      record(
        field('r', { type: 'record', name: 'In', fields: [field('day', { type: 'int', logicalType: 'date' })] }, { default: { day: 1 } }),
      ),
      { r: { day: new Date('1970-01-02') } },
    ],
    ['local times as times of the same unit', micros('local-timestamp-micros'), 5, micros('timestamp-micros'), 5n],
  ])('reads %s', async (_, writer, value, reader, expected) => {
    expect(await read(writer, value, reader)).toEqual(expected);
  });

  it('reads into bigints', async () => {
    expect(await read('int', -5, 'long', BIG)).toBe(-5n);
    expect(await read(['null', 'long'], 2n ** 62n, 'long', BIG)).toBe(2n ** 62n);
  });

  it.each<[string, Schema, unknown, Schema, RegExp]>([
    [
      'a branch that the reader has no place for',
      record(field('n', ['int', 'string'])),
      { n: 'x' },
      record(field('n', 'int')),
      /has what record R does not: n: string cannot be read as int/,
    ],
    ['a null', ['null', 'int'], null, 'int', /has what int does not: \(whole value\): null cannot be read as int/],
    ['a symbol', symbols('ABC'), 'C', symbols('AB'), /C may be written, and E has no default/],
    ['a number that would be narrowed', 'double', 1, 'float', /cannot be read as float/],
    [
      'times of another unit',
      micros('local-timestamp-micros'),
      5,
      micros('timestamp-millis'),
      /local-timestamp-micros cannot be read as timestamp-millis/,
    ],
    [
      'times of day of another unit',
      { type: 'int', logicalType: 'time-millis' },
      5,
      micros('time-micros'),
      /time-millis cannot be read as time-micros/,
    ],
    ['bytes that are no text', record(field('a', 'bytes')), { a: Buffer.from([0xff]) }, record(field('a', 'string')), /not valid UTF-8/],
  ])('refuses %s, and says where', async (_, writer, value, reader, message) => {
    await expect(read(writer, value, reader)).rejects.toMatchObject({ code: 'DECODE', message: expect.stringMatching(message) });
  });

  it('tells records apart by their namespaces where a reader has namesakes', async () => {
    const point = (namespace: string) => ({ ...(record(field('x', 'int')) as object), namespace }) as Schema;
    const reader = ['null', point('a'), point('b'), 'string'] as Schema;
    expect(await read(point('b'), { x: 1 }, reader)).toEqual({ 'b.R': { x: 1 } });
  });
});

/** Registers a schema that avsc would not make, and puts its id before the bytes. */
async function foreign(schema: string, hex: string): Promise<Buffer> {
  const url = `${server.url}/subjects/${unique('foreign')}-value/versions`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ schema }) });
  const bytes = Buffer.from(`0000000000${hex}`, 'hex');
  bytes.writeUInt32BE(((await answer.json()) as { id: number }).id, 1);
  return bytes;
}

describe("writers' schemas", () => {
  const reader = (schema: Schema) => avro.confluent({ schema, registry: { url: server.url } });
  const written = (fields: string) => `{"type":"record","name":"R","fields":[${fields}]}`;

  it.each([
    ['{"name":"a","type":["string","null"],"default":null}', '0002', 'x'],
    ['{"name":"a","type":"long","default":9223372036854775807}', '02', 1],
  ])('are read whatever their defaults are: %s', async (fields, hex, value) => {
    const bytes = await foreign(written(fields), value === 'x' ? `${hex}78` : hex);
    expect(plain(await reader(record(field('a', typeof value === 'string' ? 'string' : 'long'))).decode(bytes, at()))).toEqual({
      a: value,
    });
  });

  it.each(['{"type":"array","items":"null"}', '{"type":"map","values":"null"}'])(
    'do not keep a worker busy with what is passed over: %s',
    async (type) => {
      const bytes = await foreign(written(`{"name":"gone","type":${type}},{"name":"a","type":"int"}`), 'feffffffffff0f0002');
      await expect(reader(record(field('a', 'int'))).decode(bytes, at())).rejects.toMatchObject({ code: 'DECODE', path: 'gone' });
    },
  );
});
