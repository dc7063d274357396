import { json, string } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTopicsOf, testAppOf, until } from '../../helpers/app.ts';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
}, 60_000);
afterAll(() => server?.stop());

interface Change {
  readonly op: string;
  readonly before: { id: number; model: string } | null;
  readonly after: { id: number; model: string } | null;
  readonly source: { snapshot: string; table: string };
}

it('brings the rows that are there, and then each change, to the agents of its app', async () => {
  const url = await server.database();
  await sql(url, `create table cars (id serial primary key, model text); insert into cars (model) values ('Fiesta'), ('Focus')`);
  const app = testAppOf('cdc', { id: `cdc-${Date.now()}` });
  const prefix = `cars-${Date.now()}`;
  app.source('cars', postgresChanges({ url, prefix, tables: ['cars'], slot: `cars_${Date.now()}`, pollMs: 5 }));
  const seen: Change[] = [];
  app.agent('see', app.topic(`${prefix}.public.cars`, { key: string(), value: json() }), async (stream) => {
    for await (const { value } of stream) seen.push(value as unknown as Change);
  });
  try {
    await createTopicsOf(app);
    const worker = await app.start();
    await until(
      () => worker.stats().sources.cars?.phase,
      (phase) => phase === 'streaming',
    );
    await sql(
      url,
      `insert into cars (model) values ('Kuga'); update cars set model = 'Fiesta ST' where id = 1; delete from cars where id = 2`,
    );
    await until(
      () => seen.length,
      (count) => count === 5,
    );
    expect(seen.map(({ op, after, before, source }) => [op, (after ?? before)!.id, after?.model, source.snapshot])).toEqual([
      ['r', 1, 'Fiesta', 'first'],
      ['r', 2, 'Focus', 'last'],
      ['c', 3, 'Kuga', 'false'],
      ['u', 1, 'Fiesta ST', 'false'],
      ['d', 2, undefined, 'false'],
    ]);
    expect(worker.stats().sources.cars).toMatchObject({ phase: 'streaming', records: 6 });
  } finally {
    await app.stop();
  }
});
