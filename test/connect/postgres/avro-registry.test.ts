import { avro, postgresUpsert } from 'streamerjs';
import { avroConverter, connectAvro, type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exactJson } from '../../../src/topics/index.ts';
import { createTopicsOf, testAppOf, until } from '../../helpers/app.ts';
import { unique } from '../../helpers/broker.ts';
import { type TestRegistry, testRegistry } from '../../helpers/registry.ts';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';
import { started } from './collector.ts';

let server: PostgresServer;
let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
  server = await postgresServer();
}, 60_000);
afterAll(async () => {
  await registry?.close();
  await server?.stop();
});

const TABLE = `create table t (id bigint primary key, name text not null default 'none', price numeric(12, 2), any_number numeric, at timestamptz, day date,
  clock time, flag boolean, raw bytea, j jsonb, tags text[], r real, d double precision, small smallint, u uuid, iv interval)`;
const ROWS = `insert into t values
  (9007199254740993, 'ä 😀', 12345678.90, 123456789012345678901234567890.12345, '2024-02-29 12:34:56.789+02', '2024-02-29', '12:34:56.789012', true, '\\x00ff', '{"a": 1}', '{a,NULL,"b c"}', 1.1, 0.1, -3, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '26:05:06.789'),
  (2, 'null', null, null, null, null, null, null, null, null, null, null, null, null, null, null), (3, 'gone', 1, 1, now(), now(), now(), false, '', '[]', '{}', 'NaN', 'Infinity', 1, null, '0')`;

let made = 0;
function optionsOf(url: string, more: Partial<PostgresChangesOptions> = {}): PostgresChangesOptions {
  const options = { registry: { url: registry.url } };
  return {
    url,
    prefix: unique('avro').replaceAll('-', '_'),
    tables: ['t'],
    slot: `avro_${process.pid}_${made++}`,
    pollMs: 5,
    converter: avroConverter(options),
    ...more,
  };
}

it('writes what the serdes of a registry read, and the values that JSON has', async () => {
  const url = await server.database();
  await sql(url, `${TABLE}; ${ROWS}`);
  const options = optionsOf(url);
  const topic = `${options.prefix}.public.t`;
  const inAvro = await started(postgresChanges(options));
  const { converter: _, slot, ...same } = options;
  const inJson = await started(postgresChanges({ ...same, slot: `${slot}_json`, schemas: true }));
  await sql(url, `update t set name = 'new' where id = 2; delete from t where id = 3`);
  for (const each of [inAvro, inJson]) {
    await each.count(6);
    await each.stop();
  }
  const timeless = (value: unknown) =>
    String(exactJson().encode(value, { topic, part: 'value' })).replace(
      /"(ts_[mun]s|txId|lsn)":\d+|"\[null?[^\]]*\]"|"\[\\"[^\]]*\]"/g,
      '',
    );
  const [plain, whole] = [
    connectAvro({ registry: { url: registry.url } }),
    connectAvro({ registry: { url: registry.url }, schemas: true }),
  ];
  for (const [at, record] of inAvro.records.entries()) {
    for (const part of ['key', 'value'] as const) {
      const [bytes, json] = [record[part], inJson.records[at]?.[part]];
      if (bytes === null || json === null || json === undefined) {
        expect([bytes, json]).toEqual([null, null]);
        continue;
      }
      const expected = exactJson().decode(json, { topic, part }) as { readonly payload: unknown };
      expect(timeless(await whole.decode(bytes, { topic, part }))).toBe(timeless(expected));
      expect(timeless(await plain.decode(bytes, { topic, part }))).toBe(timeless(expected.payload));
      // What it reads it writes again, byte for byte.
      expect(await whole.encode(await whole.decode(bytes, { topic, part }), { topic, part })).toEqual(bytes);
    }
  }
  const schemaOf = async (part: 'key' | 'value'): Promise<string> => {
    const latest: unknown = await (await fetch(`${registry.url}/subjects/${topic}-${part}/versions/latest`)).json();
    return (latest as { readonly schema: string }).schema;
  };
  const schemas = [await schemaOf('key'), await schemaOf('value')] as const;
  expect(JSON.parse(schemas[0])).toMatchObject({
    name: 'Key',
    namespace: topic,
    fields: [{ name: 'id', type: 'long' }],
  });
  const key = avro.confluent({ schema: JSON.parse(schemas[0]), registry: { url: registry.url }, long: 'bigint' });
  const value = avro.confluent({ schema: JSON.parse(schemas[1]), registry: { url: registry.url }, long: 'bigint' });
  const [first] = inAvro.records;
  expect(await key.decode(first!.key!, { topic, part: 'key' })).toEqual({ id: 9007199254740993n });
  expect(await value.decode(first!.value!, { topic, part: 'value' })).toMatchObject({
    op: 'r',
    after: { id: 9007199254740993n, name: 'ä 😀', flag: true },
  });
});

it('registers another version when the table changes, reads older keys at a new snapshot, and writes null for an unwrapped delete', async () => {
  const url = await server.database();
  await sql(url, `create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')`);
  const options = optionsOf(url, { unwrap: true });
  const topic = `${options.prefix}.public.t`;
  const source = postgresChanges(options);
  const first = await started(source);
  await sql(url, `alter table t add column n int; insert into t values (3, 'c', 1); delete from t where id = 1`);
  await first.count(4);
  await first.stop();
  expect(first.records.map(({ value }) => value === null)).toEqual([false, false, false, true]);
  expect(await (await fetch(`${registry.url}/subjects/${topic}-value/versions`)).json()).toEqual([1, 2]);
  await source.reset();
  await sql(url, 'delete from t where id = 2');
  const second = await started(source, first.records);
  await second.stop();
  const serde = connectAvro({ registry: { url: registry.url } });
  const shown = second.records.map(async ({ key, value }) => [
    await serde.decode(key!, { topic, part: 'key' }),
    value === null ? null : await serde.decode(Buffer.from(value), { topic, part: 'value' }),
  ]);
  expect(await Promise.all(shown)).toEqual([
    [{ id: 2 }, null],
    [{ id: 3 }, { id: 3, v: 'c', n: 1 }],
  ]);
});

it('is read by the sink, types and all', async () => {
  const url = await server.database();
  await sql(url, `${TABLE}; ${ROWS}; ${TABLE.replace('create table t', 'create table copy')}`);
  const app = testAppOf('avro');
  const options = optionsOf(url);
  app.source('changes', postgresChanges(options));
  const serde = connectAvro({ registry: { url: registry.url }, schemas: true });
  const topic = app.topic(`${options.prefix}.public.t`, { key: serde, value: serde });
  app.agent('copy', topic, postgresUpsert({ url, table: 'copy', values: 'changes', autoEvolve: true }));
  const rows = async (table: string) =>
    (
      await sql(
        url,
        `select (to_jsonb(x) - '_streamer_source' - '_streamer_offset' - '_streamer_lsn')::text as x from ${table} x order by id`,
      )
    ).rows;
  try {
    await createTopicsOf(app);
    await app.start();
    await sql(
      url,
      `update t set name = 'new', raw = null where id = 9007199254740993; delete from t where id = 3; insert into t (id) values (4)`,
    );
    const expected = await rows('t');
    expect(
      await until(
        () => rows('copy'),
        (found) => JSON.stringify(found) === JSON.stringify(expected),
        20_000,
      ),
    ).toEqual(expected);
  } finally {
    await app.stop();
  }
}, 60_000);
