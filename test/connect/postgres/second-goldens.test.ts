import { type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/app.ts';
import { type PostgresServer, postgresServer, sql, withClient } from '../../helpers/replicating-postgres.ts';
import { type Collector, started } from './collector.ts';
import { byTopic, comparableAnywhere, type Golden, secondGoldens, secondText } from './goldens-support.ts';

// Keys that change in their text alone, generated columns, names of JavaScript's own properties, and the marks of small snapshots, as
// Debezium 3.7.0.Final wrote them.
const TABLES = [
  ...['k_numeric', 'k_scaled', 'k_interval', 'k_timetz', 'k_time', 'k_stamp', 'k_float', 'k_text', 'k_two'],
  ...['t_deleted', 't_gen', 't_ident', 't_interval', 'constructor', 't_end'],
];
const VARIANTS: Readonly<Record<string, Partial<PostgresChangesOptions>>> = {
  plain: {},
  schema: { schemas: true },
  string: { decimals: 'string', intervals: 'string', binary: 'hex', times: 'isostring' },
  connect: { decimals: 'double', times: 'connect' },
};
const SNAPSHOTS: Readonly<Record<string, readonly string[]>> = {
  'one-a': ['one.a'],
  'one-ab': ['one.a', 'one.b'],
  'one-ea': ['one.e', 'one.d'],
  'one-ez': ['one.d', 'one.z'],
  'one-acd': ['one.a', 'one.c', 'one.d'],
  'one-bcz': ['one.b', 'one.c', 'one.z'],
};

let server: PostgresServer;
let version = 0;
beforeAll(async () => {
  server = await postgresServer();
  version = Number((await sql(server.url, 'show server_version_num')).rows[0].server_version_num);
}, 60_000);
afterAll(() => server?.stop());

function goldensOf({ records }: Collector): Golden[] {
  return records.map(({ topic, key, value, headers }) =>
    comparableAnywhere({
      topic,
      key: key?.toString('utf8') ?? null,
      value: value?.toString('utf8') ?? null,
      headers: (headers ?? []).map(([name, text]) => [name, String(text)]),
    }),
  );
}

async function runSql(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of secondText(name).split(/;\s*\n/)) await client.query(statement);
  });
}

describe('the records of Debezium, a second set', () => {
  const found = new Map<string, Golden[]>();

  beforeAll(async () => {
    const url = await server.database();
    await sql(url, secondText('schema.sql'));
    const collectors = new Map<string, Collector>();
    for (const [variant, options] of Object.entries(VARIANTS)) {
      const slot = `second_${process.pid}_${variant}`;
      const source = postgresChanges({ url, prefix: 'db', tables: TABLES, publication: 'second', slot, skip: [], pollMs: 5, ...options });
      collectors.set(variant, await started(source));
    }
    await runSql(url, 'changes.sql');
    await sql(url, 'insert into t_end values (1)');
    for (const [variant, collector] of collectors) {
      await until(
        () => collector.records.some(({ topic }) => topic.endsWith('.t_end')),
        (isThere) => isThere,
      );
      await collector.stop();
      found.set(variant, goldensOf(collector));
    }
  }, 120_000);

  it.each(Object.keys(VARIANTS))('%s', (variant) => {
    const goldens = byTopic(secondGoldens(variant));
    const records = byTopic(found.get(variant) ?? []);
    expect(Object.fromEntries(Object.keys(goldens).map((topic) => [topic, records[topic]]))).toEqual(goldens);
  });
});

it.each(Object.keys(SNAPSHOTS))('the marks of a small snapshot: %s', async (name) => {
  const url = await server.database();
  await sql(url, secondText('schema.sql'));
  const slot = `${name.replace('-', '_')}_${process.pid}`;
  const collector = await started(
    postgresChanges({ url, prefix: 'db', tables: SNAPSHOTS[name] ?? [], publication: 'second', slot, pollMs: 5 }),
  );
  await collector.stop();
  expect(byTopic(goldensOf(collector))).toEqual(byTopic(secondGoldens(name)));
});

it.for(['gen-none', 'gen-stored'])('generated columns, stored and virtual: %s', async (name, { skip }) => {
  if (version < 180_000) skip('PostgreSQL 18 has virtual columns and publish_generated_columns');
  const url = await server.database();
  await sql(url, secondText('generated.sql'));
  const slot = `${name.replace('-', '_')}_${process.pid}`;
  const options = { url, prefix: 'db', tables: ['gen.g'], publication: name.replace('gen-', 'gen_'), slot, schemas: true, pollMs: 5 };
  const collector = await started(postgresChanges(options));
  await runSql(url, 'generated-changes.sql');
  await collector.count(5);
  await collector.stop();
  expect(goldensOf(collector)).toEqual(secondGoldens(name));
});
