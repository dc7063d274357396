import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { avroCodec } from '../../../src/connect/connect-data/avro/avro-codec.ts';
import { toAvro } from '../../../src/connect/connect-data/avro/to-avro.ts';
import { fromJsonSchema } from '../../../src/connect/connect-data/from-json-schema.ts';
import { fromPlain } from '../../../src/connect/connect-data/from-plain.ts';
import { jsonSchema } from '../../../src/connect/connect-data/json-schema.ts';
import { jsonWriter } from '../../../src/connect/connect-data/json-writer.ts';
import { type ConnectSchema, field, schemaOf, structOf } from '../../../src/connect/connect-data/schema.ts';
import { exactJson } from '../../../src/topics/index.ts';

// Connect schemas and values as `JsonConverter` writes them, with the Avro schemas and bytes that the Java class `AvroData` makes of them
// (Apicurio's 2.6.13 copy of Confluent's): every type that Debezium writes, alone and with a default, and whole change events.
interface Case {
  readonly type: string;
  readonly connect: unknown;
  readonly avro: unknown;
  readonly values: ReadonlyArray<readonly [payload: string, hex: string]>;
}

const CONTEXT = { topic: 't', part: 'value' } as const;

function cases(name: string): Case[] {
  const lines = readFileSync(new URL(`./fixtures/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => exactJson().decode(Buffer.from(line), CONTEXT) as Case);
}

/** As text, in which the order of properties counts and whole numbers are exact. */
function text(value: unknown): string {
  return String(exactJson().encode(value, CONTEXT));
}

describe('Avro in the shape of Confluent’s converter', () => {
  it.each([...cases('avro-types'), ...cases('avro-records')].map((each) => [each.type, each] as const))(
    '%s',
    async (_, { connect, avro, values }) => {
      const schema = fromJsonSchema(connect);
      expect(text(toAvro(schema))).toBe(text(avro));
      const codec = avroCodec(schema);
      const read = codec.readerOf(avro, 0, CONTEXT);
      for (const [payload, hex] of values) {
        const value = fromPlain(schema, await exactJson().decode(Buffer.from(payload), CONTEXT))!;
        expect(codec.write(value, 0).toString('hex')).toBe(hex);
        const back = await read(Buffer.from(hex, 'hex'), CONTEXT);
        expect(jsonSchema(back.schema)).toBe(jsonSchema(schema));
        expect(jsonWriter(back.schema)(back.value)).toBe(jsonWriter(schema)(value));
      }
    },
  );

  it('keeps values that JSON has no numbers for, and those at the ends of their ranges', async () => {
    const row = structOf('a.Row', [
      field('f', schemaOf('float')),
      field('d', schemaOf('double')),
      field('n', schemaOf('int64')),
      field('s', schemaOf('string')),
    ]);
    const codec = avroCodec(row);
    const values = [
      [Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n - 1n, 'ä 😀'],
      [1e-45, -0, -(2n ** 63n), ''],
      [3.4028235e38, 5e-324, 9_007_199_254_740_993n, '\u0000'],
    ];
    for (const value of values) {
      const back = await codec.readerOf(toAvro(row), 0, CONTEXT)(codec.write(value, 0), CONTEXT);
      expect(back.value).toEqual(value);
    }
  });

  it('adjusts names that Avro does not allow, and refuses two that would become one', () => {
    const named = (...names: string[]): ConnectSchema =>
      structOf(
        'my-db.2nd.t',
        names.map((name) => field(name, schemaOf('int32'))),
      );
    expect(toAvro(named('a b', 'ä', '1st'))).toMatchObject({
      name: 't',
      namespace: 'my_db._2nd',
      fields: [{ name: 'a_b' }, { name: '_' }, { name: '_st' }],
      'connect.name': 'my_db._2nd.t',
    });
    expect(() => toAvro(named('a b', 'a-b'))).toThrow('the fields "a b" and "a-b" of my_db._2nd.t would both be "a_b" in Avro');
  });

  it('refuses bytes that are cut or too long', async () => {
    const row = structOf('a.Row', [field('s', schemaOf('string'))]);
    const read = avroCodec(row).readerOf(toAvro(row), 0, CONTEXT);
    const bytes = avroCodec(row).write(['some text'], 0);
    await expect(async () => read(bytes.subarray(0, 4), CONTEXT)).rejects.toMatchObject({ code: 'DECODE' });
    await expect(async () => read(Buffer.concat([bytes, Buffer.from('x')]), CONTEXT)).rejects.toThrow('bytes are left');
  });
});
