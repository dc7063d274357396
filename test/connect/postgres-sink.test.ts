import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SinkWriter, WriteOutcome } from '../../src/connect/index.ts';
import { type PostgresUpsertOptions, postgresWriter } from '../../src/connect/index.ts';
import { isStreamerError } from '../../src/errors.ts';
import { stopPostgres, type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { change, event, field, schemed } from './support/events.ts';

let db: TestDatabase;
const open: Array<SinkWriter<unknown, unknown>> = [];

beforeAll(async () => {
  await (await testDatabase()).close();
}, 60_000);
beforeEach(async () => {
  db = await testDatabase();
});
afterEach(async () => {
  for (const writer of open.splice(0)) await writer.close?.();
  await db.close();
});
afterAll(() => stopPostgres());

async function writer(options: PostgresUpsertOptions<unknown, unknown>): Promise<SinkWriter<unknown, unknown>> {
  const made = postgresWriter<unknown, unknown>({ url: db.url, ...options });
  await made.open?.('store');
  open.push(made);
  return made;
}

function states(outcomes: readonly WriteOutcome[]): string[] {
  return outcomes.map(({ state }) => state);
}

function reason(outcome: WriteOutcome | undefined): string {
  return outcome?.state === 'refused' ? (outcome.error as Error).message : `not refused but ${outcome?.state}`;
}

const cars = () => db.query<{ id: number; model: string | null; price: number | null }>('select id, model, price from cars order by id');

async function carTable(values: 'rows' | 'changes' = 'changes'): Promise<SinkWriter<unknown, unknown>> {
  await db.query('create table cars (id integer primary key, model varchar(8) not null, price integer)');
  return writer({ table: 'cars', values, autoEvolve: true });
}

describe('what a change event means', () => {
  it('writes, changes and deletes rows by change events without schema', async () => {
    const sink = await carTable();
    await sink.write([
      event({ id: 1 }, change('r', { id: 1, model: 'Fiesta', price: 1 }, 10), 0),
      event({ id: 2 }, change('c', { id: 2, model: 'Focus', price: 2 }, 11), 1),
      event({ id: 3 }, change('c', { id: 3, model: 'Ka', price: null }, 12), 2),
    ]);
    await sink.write([
      event({ id: 1 }, change('u', { id: 1, model: 'Fiesta', price: 10 }, 13), 3),
      event({ id: 2 }, change('d', null, 14, { id: 2 }), 4),
      event({ id: 2 }, null, 5),
      event(null, change('t', null, 15), 6),
      event(null, null, 7),
    ]);
    expect(await cars()).toEqual([
      { id: 1, model: 'Fiesta', price: 10 },
      { id: 3, model: 'Ka', price: null },
    ]);
    expect(sink.counts?.()).toMatchObject({ upserted: 4, deleted: 1, stale: 0, refused: 0, passed: 2 });
  });

  it('takes unwrapped rows, both forms of a delete that the transform writes, and bytes', async () => {
    const sink = await carTable('rows');
    const fields = [field('id', 'int32'), field('model', 'string')];
    const rows = [1, 2, 3, 4].map((id) => event({ id }, schemed(fields, { id, model: 'Puma' }), id));
    await sink.write(rows);
    await sink.write([
      event({ id: 1 }, null, 10),
      event({ id: 2 }, schemed(fields, null), 11),
      event({ id: 3 }, { id: 3, model: '', __deleted: 'true' }, 12),
      event(Buffer.from('{"schema":null,"payload":{"id":4}}'), Buffer.from('{"id":4,"model":"bytes","__deleted":"false"}'), 13),
    ]);
    expect(await cars()).toEqual([{ id: 4, model: 'bytes', price: null }]);
  });

  it('leaves columns alone that an event does not hold, also one that an insert must have', async () => {
    const sink = await carTable();
    await sink.write([event({ id: 1 }, change('c', { id: 1, model: 'Kuga', price: 5 }, 1), 0)]);
    await sink.write([event({ id: 1 }, change('u', { id: 1, model: '__debezium_unavailable_value', price: 6 }, 2), 1)]);
    await sink.write([event({ id: 1 }, change('u', { id: 1, model: 'Edge' }, 3), 2)]);
    expect(await cars()).toEqual([{ id: 1, model: 'Edge', price: 6 }]);
  });

  it('keeps what an earlier event of the same batch made of a column that a later one does not hold', async () => {
    const sink = await carTable();
    await sink.write([
      event({ id: 1 }, change('c', { id: 1, model: 'Kuga', price: 5 }, 1), 0),
      event({ id: 1 }, change('u', { id: 1, model: '__debezium_unavailable_value', price: 6 }, 2), 1),
      event({ id: 2 }, change('c', { id: 2, model: 'Ka', price: 5 }, 3), 2),
      event({ id: 2 }, change('d', null, 4, { id: 2 }), 3),
      event({ id: 2 }, change('c', { id: 2, model: 'Puma' }, 5), 4),
    ]);
    expect(await cars()).toEqual([
      { id: 1, model: 'Kuga', price: 6 },
      { id: 2, model: 'Puma', price: null },
    ]);
  });

  it('makes rows of typed values, and goes by columns of the row', async () => {
    await db.query(
      'create table sums (day date, user_name text, sum numeric(10,2), at timestamptz, tags text[], more jsonb, raw bytea, primary key (day, user_name))',
    );
    const sink = await writer({
      table: 'sums',
      guard: false,
      pkFields: ['day', 'user_name'],
      row: (value) => (value === 'skip' ? undefined : (value as Record<string, unknown>)),
    });
    const row = {
      day: '2024-02-29',
      user_name: 'ö"\\',
      sum: 1.5,
      at: new Date(0),
      tags: ['a"b', null, 'c,d'],
      more: { a: [1n] },
      raw: Buffer.from([0, 255]),
    };
    await sink.write([event('k', row, 0), event('k', 'skip', 1)]);
    expect(await db.query("select day::text, user_name, sum, at, tags, more, encode(raw, 'hex') as raw from sums")).toEqual([
      { day: '2024-02-29', user_name: 'ö"\\', sum: '1.50', at: new Date(0), tags: ['a"b', null, 'c,d'], more: { a: [1] }, raw: '00ff' },
    ]);
  });

  it('takes the key of a plain record as the one column that names the row', async () => {
    await db.query('create table names (id text primary key, name text)');
    const sink = await writer({ table: 'names', pkFields: ['id'], autoEvolve: true });
    await sink.write([event('a', { name: 'A' }, 0), event('b', { name: 'B' }, 1), event('a', null, 2)]);
    expect(await db.query('select id, name from names')).toEqual([{ id: 'b', name: 'B' }]);
  });
});

describe('older events', () => {
  const upsert = (price: number, offset: number, lsn?: number, partition = 0) =>
    event({ id: 1 }, change('u', { id: 1, model: 'Ka', price }, lsn), offset, 'db.public.cars', partition);
  const price = async () => (await cars())[0]?.price;

  it('are refused by offset within a partition, and let through from another one', async () => {
    const sink = await carTable();
    await sink.write([upsert(5, 5)]);
    await sink.write([upsert(4, 4)]);
    expect(await price()).toBe(5);
    expect(sink.counts?.().stale).toBe(1);
    await sink.write([upsert(3, 3, undefined, 1)]);
    expect(await price()).toBe(3);
  });

  it('are refused by the position in the source, wherever they come from', async () => {
    const sink = await carTable();
    await sink.write([upsert(5, 5, 500)]);
    await sink.write([upsert(4, 9, 400), upsert(3, 9, 300, 1)]);
    expect(await price()).toBe(5);
    await sink.write([upsert(6, 1, 600, 1)]);
    expect(await price()).toBe(6);
  });

  it('do not win against newer ones of the same batch', async () => {
    const sink = await carTable();
    await sink.write([upsert(1, 1, 10), upsert(2, 2, 20), upsert(1, 3, 10)]);
    expect(await price()).toBe(2);
    await sink.write([event({ id: 1 }, change('d', null, 30, { id: 1 }), 4), event({ id: 1 }, null, 5), upsert(2, 6, 20)]);
    expect(await cars()).toEqual([]);
    await sink.write([upsert(2, 7, 20)]);
    expect(await cars()).toEqual([]);
    const unguarded = await writer({ table: 'cars', values: 'changes', guard: false });
    await unguarded.write([upsert(4, 8, 40), upsert(3, 9, 30)]);
    expect(await price()).toBe(3);
  });

  it('do not bring a deleted row back, and a newer one does', async () => {
    const sink = await carTable();
    const late = await writer({ table: 'cars', values: 'changes' });
    const lateRows = await writer({ table: 'cars' });
    await sink.write([upsert(5, 5, 500)]);
    await sink.write([event({ id: 1 }, change('d', null, 700, { id: 1 }), 7), event({ id: 1 }, null, 8)]);
    await late.write([upsert(6, 6, 600)]);
    await lateRows.write([event({ id: 1 }, { id: 1, model: 'Ka', price: 6 }, 6)]);
    expect(await cars()).toEqual([]);
    expect([late.counts?.().stale, lateRows.counts?.().stale]).toEqual([1, 1]);
    await sink.write([upsert(9, 9, 900)]);
    expect(await price()).toBe(9);
    await late.write([event({ id: 1 }, null, 8)]);
    expect(await price()).toBe(9);
  });

  it('leave the table as it is when a whole topic is replayed', async () => {
    const sink = await carTable();
    const topic = Array.from({ length: 300 }, (_, offset) => {
      const id = (offset * 7) % 40;
      return offset % 11 === 0
        ? event({ id }, null, offset)
        : event({ id }, change('u', { id, model: 'Ka', price: offset }, offset + 1), offset);
    });
    const replay = async () => {
      for (let at = 0; at < topic.length; at += 64) await sink.write(topic.slice(at, at + 64));
    };
    await replay();
    const once = await db.query('select * from cars order by id');
    expect(once.length).toBeGreaterThan(20);
    for (let at = 0; at < topic.length; at += 64) {
      await sink.write(topic.slice(at, at + 64));
      expect(await db.query('select * from cars order by id')).toEqual(once);
    }
    await replay();
    expect(await db.query('select * from cars order by id')).toEqual(once);
  });

  it('are written when nothing guards the table', async () => {
    await db.query('create table cars (id integer primary key, model text, price integer)');
    const sink = await writer({ table: 'cars', values: 'changes', guard: false });
    await sink.write([upsert(5, 5, 500)]);
    await sink.write([upsert(4, 4, 400)]);
    expect(await price()).toBe(4);
    expect(await db.query("select to_regclass('_streamer_deleted') as there")).toEqual([{ there: null }]);
  });
});

describe('rows that the table refuses', () => {
  it('fail alone, with the column and the reason', async () => {
    await db.query('create table cars (id integer primary key, model varchar(8) not null, price integer check (price > 0), day date)');
    const sink = await writer({ table: 'cars', values: 'changes', autoEvolve: true });
    const rows = [
      { id: 1, model: 'Ka', price: 1 },
      { id: 2, model: 'longer than eight', price: 2 },
      { id: 3, model: null, price: 3 },
      { id: 4, model: 'Ka', price: -4 },
      { id: 5, model: 'Ka', price: 'many' },
      { id: 6, model: 'Ka', price: 6, wheels: 4, day: 19_782 },
      { id: 7, model: 'Ka', price: 7 },
      { model: 'Ka' },
    ];
    const outcomes = await sink.write(
      rows.map((row, offset) => event('id' in row ? { id: row.id } : { id: null }, change('c', row), offset)),
    );
    expect(states(outcomes)).toEqual(['written', 'refused', 'refused', 'refused', 'refused', 'refused', 'written', 'refused']);
    expect(reason(outcomes[1])).toMatch(/column "model" \(varchar\) cannot take "longer than eight": it has more than the 8 characters/);
    expect(reason(outcomes[2])).toMatch(/column "model": null value/);
    expect(reason(outcomes[3])).toMatch(/constraint "cars_price_check"/);
    expect(reason(outcomes[4])).toMatch(/column "price": invalid input syntax for type integer: "many"/);
    expect(reason(outcomes[5])).toMatch(/column "day" \(date\) cannot take 19782: a number does not say which unit/);
    expect(reason(outcomes[7])).toMatch(/"id" is in neither its key nor its row/);
    expect(await cars()).toEqual([
      { id: 1, model: 'Ka', price: 1 },
      { id: 7, model: 'Ka', price: 7 },
    ]);
  });

  it('hold back what came after them with the same key, and not what came before', async () => {
    const sink = await carTable();
    const row = (id: number, price: unknown) => change('u', { id, model: 'Ka', price });
    const outcomes = await sink.write([
      event({ id: 1 }, row(1, 1), 0),
      event({ id: 1 }, row(1, 2), 1),
      event({ id: 2 }, row(2, 1), 2),
      event({ id: 1 }, row(1, 'x'), 3),
      event({ id: 2 }, row(2, 'y'), 4),
      event({ id: 2 }, row(2, 'z'), 5),
    ]);
    expect(states(outcomes)).toEqual(['written', 'written', 'written', 'refused', 'refused', 'held']);
    expect(await cars()).toEqual([
      { id: 1, model: 'Ka', price: 2 },
      { id: 2, model: 'Ka', price: 1 },
    ]);
  });

  it('may come later when what they refer to is not there yet', async () => {
    await db.query('create table makes (name text primary key)');
    await db.query('create table cars (id integer primary key, model text, price integer, make text references makes)');
    const sink = await writer({ table: 'cars', autoEvolve: true });
    const [outcome] = await sink.write([event({ id: 1 }, { id: 1, make: 'ford' }, 0)]);
    expect(reason(outcome)).toMatch(/Key \(make\)=\(ford\) is not present/);
    expect(outcome?.state === 'refused' && isStreamerError(outcome.error) && outcome.error.retryable).toBe(true);
    await db.query("insert into makes values ('ford')");
    expect(states(await sink.write([event({ id: 1 }, { id: 1, make: 'ford' }, 0)]))).toEqual(['written']);
  });

  it('are told apart from rows whose keys are equal to the table though written otherwise', async () => {
    await db.query('create table cars (id numeric primary key, model text, price integer)');
    const sink = await writer({ table: 'cars', autoEvolve: true });
    const outcomes = await sink.write([event({ id: '1.0' }, { id: '1.0', price: 1 }, 0), event({ id: '1' }, { id: '1', price: 2 }, 1)]);
    expect(states(outcomes)).toEqual(['written', 'written']);
    expect((await cars()).map(({ price }) => price)).toEqual([2]);
  });
});

describe('tables', () => {
  it('are made and widened from the schema when that is wanted', async () => {
    const sink = await writer({ autoCreate: true, autoEvolve: true, columns: { seen: 'timestamptz' } });
    const fields = [field('id', 'int32', { optional: false }), field('day', 'int32', { name: 'io.debezium.time.Date' })];
    const key = schemed([field('id', 'int32', { optional: false })], { id: 1 });
    await sink.write([event(key, schemed(fields, { id: 1, day: 19_782 }), 0)]);
    const wider = [...fields, field('tags', 'array', { items: { type: 'string', optional: true } })];
    await sink.write([event(key, { ...schemed(wider, { id: 1, day: 19_783, tags: ['a'] }) }, 1)]);
    await sink.write([event({ id: 2 }, { id: 2, seen: '2024-02-29T10:00:00Z', score: 1.5, nothing: null }, 2)]);
    const columns = await db.query<{ name: string; type: string }>(
      "select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'db_public_cars'::regclass and attnum > 0 and attname not like '\\_streamer%'",
    );
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual({
      id: 'integer',
      day: 'date',
      tags: 'text[]',
      seen: 'timestamp with time zone',
      score: 'double precision',
    });
    expect(await db.query('select id, day::text, tags, score from db_public_cars order by id')).toEqual(
      [
        { id: 1, day: '2024-02-29', tags: ['a'], score: null },
        { id: 2, day: null, tags: null, score: 1.5 },
      ].map((row) => (row.id === 1 ? { ...row, day: '2024-03-01' } : row)),
    );
  });

  it('that cannot be written to are refused at the start, with the SQL that mends them', async () => {
    const start = (options: PostgresUpsertOptions<unknown, unknown>) =>
      writer({ table: 'cars', pkFields: ['id'], ...options }).catch((error: Error) => error);
    expect(await start({})).toMatchObject({ code: 'CONFIG', message: 'there is no table cars' });
    await db.query('create table cars (id integer, model text)');
    expect(await start({})).toMatchObject({
      message: expect.stringContaining('no unique index on id'),
      next: expect.stringMatching(
        /create unique index on "cars" \("id"\);\n {2}alter table "cars" add column if not exists "_streamer_source" text/,
      ),
    });
    expect(await start({ url: db.url.replace(/\/test_\w+/, '/no_such_database') })).toMatchObject({
      code: 'CONFIG',
      next: expect.stringContaining('Create the database'),
    });
    expect(await start({ url: db.url.replace(':postgres@', ':wrong@') })).toMatchObject({
      code: 'CONFIG',
      next: expect.stringContaining('password'),
    });
  });

  it('are made once by many at the same time', async () => {
    const sinks = await Promise.all(Array.from({ length: 4 }, () => writer({ table: 'many', autoCreate: true, autoEvolve: true })));
    await Promise.all(sinks.map((sink, id) => sink.write([event({ id }, { id, [`only_${id}`]: id }, id)])));
    expect(await db.query('select id, only_0, only_3 from many order by id')).toHaveLength(4);
  });

  it('in other schemas, with odd names, generated and identity columns are written', async () => {
    await db.query('create schema "od d"');
    await db.query(
      'create table "od d"."ta\'b""le" ("Id" integer generated always as identity primary key, "na me" text, twice integer generated always as (1 + 1) stored, _streamer_source text, _streamer_offset bigint, _streamer_lsn bigint)',
    );
    const sink = await writer({ table: `od d.ta'b"le` });
    await sink.write([event({ Id: 7 }, { Id: 7, 'na me': 'x', twice: 9 }, 0), event({ Id: 8 }, { Id: 8, 'na me': 'y', twice: 9 }, 1)]);
    await sink.write([event({ Id: 8 }, null, 2)]);
    expect(await db.query('select "Id", "na me" from "od d"."ta\'b""le"')).toEqual([{ Id: 7, 'na me': 'x' }]);
  });
});

it('refuses options that cannot work, all at once', () => {
  expect(() => postgresWriter({ url: 'mysql://u:secret@h/d', table: 'a.b.c', pkFields: [], autocreate: true } as object)).toThrow(
    /4 problems[\s\S]*url: expected a URL that begins with postgresql[\s\S]*table: expected a name[\s\S]*pkFields[\s\S]*unknown option "autocreate"/,
  );
  expect(() => postgresWriter({ url: 'mysql://u:secret@h/d' })).toThrow(expect.not.stringContaining('secret') as unknown as Error);
});
