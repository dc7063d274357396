import { fileURLToPath } from 'node:url';
import { json, string } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../cli/helpers.ts';
import { createTopicsOf, testAppOf, until } from '../../helpers/app.ts';
import { unique } from '../../helpers/broker.ts';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';

const APP = fileURLToPath(new URL('./fixtures/cars.ts', import.meta.url));
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
  const app = testAppOf('cdc');
  const prefix = unique('cars');
  app.source('cars', postgresChanges({ url, prefix, tables: ['cars'], pollMs: 5 }));
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

it('resumes after the server has cut its connection, and reports the reason meanwhile', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key)');
  const app = testAppOf('cut');
  const changes = app.source(
    'changes',
    postgresChanges({ url, prefix: unique('cut'), tables: ['t'], slot: `cut_${process.pid}`, pollMs: 5 }),
  );
  const phases: string[] = [];
  try {
    await createTopicsOf(app);
    const worker = await app.start();
    worker.on('source', ({ phase }) => phases.push(phase));
    await until(
      () => phases.at(-1),
      (phase) => phase === 'streaming',
    );
    await sql(
      url,
      `insert into t values (1); select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'streamer cut%'`,
    );
    await sql(url, 'insert into t values (2)');
    await until(
      () => worker.stats().sources.changes!.records,
      (records) => records >= 2,
    );
    expect(phases.join()).toMatch(/streaming,failing,.*streaming$/);
    expect(worker.state).toBe('ready');
  } finally {
    await app.stop();
  }
  expect((await changes.status()).reader).toBeUndefined();
});

it('reads its topics to the end at a new snapshot, and brings the deletes made while its slot was gone to the agents', async () => {
  const url = await server.database();
  await sql(url, `create table t (id int primary key); insert into t select generate_series(1, 300)`);
  const [prefix, slot] = [unique('gone'), `gone_${process.pid}`];
  const app = testAppOf('gone');
  app.source(
    'changes',
    postgresChanges({ url, prefix, tables: ['t'], slot, pollMs: 5, onSlotLost: 'snapshot', topics: { partitions: 3 } }),
  );
  const rows = new Set<number>();
  app.agent('see', app.topic(`${prefix}.public.t`, { key: string(), value: json() }), async (stream) => {
    for await (const { value } of stream) {
      const { op, before, after } = value as unknown as Change;
      if (op === 'd') rows.delete(before!.id);
      else rows.add(after!.id);
    }
  });
  const expectRows = (count: number) =>
    until(
      () => rows.size,
      (size) => size === count,
      30_000,
    );
  try {
    await createTopicsOf(app);
    await app.start();
    await expectRows(300);
    await until(
      () =>
        sql(url, `select pg_drop_replication_slot('${slot}')`).then(
          () => true,
          () => false,
        ),
      (isDone) => isDone,
    );
    await sql(url, 'delete from t where id > 100; insert into t values (999)');
    await expectRows(101);
  } finally {
    await app.stop();
  }
  expect([...rows].sort((a, b) => a - b).slice(-2)).toEqual([100, 999]);
}, 60_000);

it('shows what a source needs and does, and changes nothing', async () => {
  const url = await server.database();
  await sql(url, 'create table car (line text)');
  const env = { CARS_URL: url, CARS_SLOT: `check_${process.pid}` };
  const [wrong, text] = await Promise.all([run(['cdc', 'check', '--json', '-A', APP], { env }), run(['cdc', 'check', '-A', APP], { env })]);
  const check = JSON.parse(wrong.stdout);
  expect([wrong.code, text.code, check.source, check.isReady]).toEqual([1, 1, 'cars', false]);
  expect(check.findings).toContainEqual(
    expect.objectContaining({ level: 'problem', about: 'public.car', sql: ['alter table public.car replica identity full;'] }),
  );
  expect(check.actions).toContainEqual(expect.stringContaining('create publication'));
  expect(text.stdout).toContain('alter table public.car replica identity full;');
  await sql(url, 'alter table car replica identity full');
  expect((await run(['cdc', 'check', 'cars', '-A', APP], { env })).code).toBe(0);
  expect(
    (
      await sql(
        url,
        'select pubname::text from pg_publication union select slot_name::text from pg_replication_slots where database = current_database()',
      )
    ).rowCount,
  ).toBe(0);
}, 60_000);

it('shows the position of a slot, and drops it only with --yes', async () => {
  const url = await server.database();
  const slot = `command_${process.pid}`;
  const env = { CARS_URL: url, CARS_SLOT: slot };
  await sql(url, `create table car (id int primary key); create publication ${slot} for table car`);
  await sql(url, `select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  const cdc = (...args: string[]) => run(['cdc', ...args, '-A', APP], { env });
  const [status, text, refused, unknown] = await Promise.all([
    cdc('status', '--json'),
    cdc('status'),
    cdc('reset', 'cars'),
    cdc('reset', 'nothing', '--yes'),
  ]);
  expect(status.code, status.stderr).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    source: 'cars',
    slot,
    state: { walStatus: 'reserved' },
    published: ['public.car'],
    missing: [],
    maxSlotWalKeepSize: '-1',
  });
  expect(text.stdout).toContain('until the disk is full');
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('To do it: --yes')]);
  expect(unknown.stderr).toContain('It has: cars.');
  expect((await cdc('reset', 'cars', '--yes')).stdout).toContain('slot dropped');
  expect((await sql(url, `select from pg_replication_slots where slot_name = $$${slot}$$`)).rowCount).toBe(0);
}, 60_000);
