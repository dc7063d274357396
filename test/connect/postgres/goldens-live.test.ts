import { postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/app.ts';
import { type PostgresServer, postgresServer, sql, withClient } from '../../helpers/replicating-postgres.ts';
import { type Collector, started } from './collector.ts';
import { byTopic, comparableElsewhere, type Golden, goldenLines, goldenText, VARIANTS } from './goldens-support.ts';

const TABLES = ['tbl_car_price', 't_types', 't_toast', 't_full', 't_composite', 't_nokey', 't_truncate', 't_empty', 't_end'];

describe.runIf(process.env.TESTBED !== undefined)('the records of Debezium, snapshot and changes, from a server', () => {
  let server: PostgresServer;
  const collectors = new Map<string, Collector>();

  beforeAll(async () => {
    server = await postgresServer();
    const url = await server.database();
    await sql(url, goldenText('schema.sql'));
    for (const [variant, options] of Object.entries(VARIANTS)) {
      const slot = `golden_${process.pid}_${variant.replace('-', '_')}`;
      const source = { url, prefix: 'car_database', tables: TABLES, publication: 'golden', slot, skip: [], messages: true, pollMs: 5 };
      collectors.set(variant, await started(postgresChanges({ ...source, ...options })));
    }
    await withClient(url, async (client) => {
      for (const statement of goldenText('changes.sql').split(/;\s*\n/)) await client.query(statement);
    });
    const isThere = ({ records }: Collector) => records.some(({ topic }) => topic.endsWith('.t_end'));
    await until(
      () => [...collectors.values()].every(isThere),
      (all) => all,
      30_000,
    );
    for (const collector of collectors.values()) await collector.stop();
  }, 120_000);
  afterAll(() => server?.stop());

  it.each(Object.keys(VARIANTS))('%s', (variant) => {
    const records = collectors.get(variant)!.records.map(
      ({ topic, key, value, headers }): Golden => ({
        topic,
        key: key?.toString('utf8') ?? null,
        value: value?.toString('utf8') ?? null,
        headers: (headers ?? []).map(([name, text]) => [name, String(text)] as const),
      }),
    );
    expect(byTopic(records.map(comparableElsewhere))).toEqual(byTopic(goldenLines<Golden>(`${variant}.json`).map(comparableElsewhere)));
  });
});
