import { bytes, exactJson, optional, postgresUpsert } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTopicsOf, testAppOf } from '../../helpers/app.ts';
import { unique } from '../../helpers/broker.ts';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
}, 60_000);
afterAll(() => server?.stop());

const COLUMNS = [
  ...['id int primary key', 'n numeric', 'm numeric(30,9)', 'f double precision', 'r real', 'b bigint', 't text', 'j jsonb', 'y bytea'],
  ...[
    'at timestamptz',
    'local timestamp',
    'day date',
    'hour time',
    'flag boolean',
    'list bigint[]',
    '"constructor" text',
    '"__proto__" text',
  ],
].join(', ');
const ROWS = [
  `(1, 1.5, 1.5, 'NaN', 'NaN', 9223372036854775807, 'ü €', '{"a": [1.10, null]}', '\\x00ff', 'infinity', '-infinity', 'infinity', '24:00:00', true, '{1,null,9007199254740993}', 'c', 'p')`,
  `(2, 12345678901234567890.123456789, 123456789012345678901.123456789, 'Infinity', '-Infinity', -9223372036854775808, '', '12345678901234567.89', '', '2024-02-29 10:00:00.123456+02', '0044-03-15 10:00:00 BC', '0044-03-15 BC', '10:00:00.000001', false, '{}', '', '')`,
  `(3, 1e-30, -0.000000001, '-0', '-0', 0, '"\\', 'null', null, '1969-12-31 23:59:59.999999+00', '294276-12-31 23:59:59', '5874897-12-31', '00:00', null, null, null, null)`,
  `(4, 0, 0, 4.9406564584124654e-324, 1.4e-45, 1, 'NULL', '"__proto__"', '\\x7b', '4713-01-01 00:00:00+00 BC', '0001-01-01', '0001-01-01', '23:59:59.999999', null, '{0}', 'toString', 'x')`,
].join(',\n');

/** Exact numbers leave the source, cross the topic, and reach the sink as they were, in the snapshot and in the stream. */
it.each(['exactJson', 'bytes'])('odd values are the same in the copy of a table, by %s()', async (kind) => {
  const url = await server.database();
  await sql(url, `create table odd (${COLUMNS}); insert into odd values ${ROWS}`);
  const guard = '_streamer_source text, _streamer_offset bigint, _streamer_lsn bigint';
  await sql(url, `create table copy (${COLUMNS}, ${guard})`);
  const app = testAppOf('values');
  const prefix = unique('values');
  app.source('odd', postgresChanges({ url, prefix, slot: `values_${kind.toLowerCase()}`, tables: ['odd'], schemas: true, pollMs: 5 }));
  const letters: string[] = [];
  const serde = kind === 'bytes' ? { key: optional(bytes()), value: bytes() } : { key: optional(exactJson()), value: exactJson() };
  app.agent(
    'copy',
    app.topic(`${prefix}.public.odd`, { ...serde, tombstones: 'deliver' } as never),
    postgresUpsert({ url, table: 'copy' }),
  );
  const guards = `'{_streamer_source,_streamer_offset,_streamer_lsn}'::text[]`;
  const select = async (table: string) =>
    (await sql(url, `select (to_jsonb(o) - ${guards})::text as row, n::text, f::text, r::text, j::text from ${table} o order by id`)).rows;
  try {
    await createTopicsOf(app);
    const worker = await app.start();
    worker.on('deadLetter', ({ error }) => letters.push(String(error)));
    const same = async (count: number) => {
      const rows = await select('odd');
      expect(rows).toHaveLength(count);
      await expect.poll(async () => [letters, await select('copy')], { timeout: 15_000 }).toEqual([[], rows]);
    };
    await same(4);
    await sql(
      url,
      `insert into odd select id + 10, n, m, f, r, b, t, j, y, at, local, day, hour, flag, list, "constructor", "__proto__" from odd`,
    );
    await same(8);
  } finally {
    await app.stop();
  }
});
