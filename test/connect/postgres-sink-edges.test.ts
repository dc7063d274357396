import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SinkWriter, WriteOutcome } from '../../src/connect/index.ts';
import { type PostgresUpsertOptions, postgresWriter } from '../../src/connect/index.ts';
import { isStreamerError } from '../../src/errors.ts';
import { exactJson } from '../../src/topics/index.ts';
import { stopPostgres, type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { change, event, schemed } from './support/events.ts';

const GUARD = '_streamer_source text, _streamer_offset bigint, _streamer_lsn bigint';

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

async function sinkInto(columns: string, options: PostgresUpsertOptions<unknown, unknown> = {}): Promise<SinkWriter<unknown, unknown>> {
  await db.query(`create table d (${columns}, ${GUARD})`);
  const sink = postgresWriter<unknown, unknown>({ url: db.url, table: 'd', ...options });
  await sink.open?.('store');
  open.push(sink);
  return sink;
}

const states = (outcomes: readonly WriteOutcome[]) => outcomes.map(({ state }) => state);
const errorOf = (outcome: WriteOutcome | undefined) => {
  if (outcome?.state !== 'refused' || !isStreamerError(outcome.error)) throw new Error(`not refused but ${outcome?.state}`);
  return outcome.error;
};
const row = (offset: number, value: Record<string, unknown>, partition = 0) => event({ id: value.id }, value, offset, 'd', partition);

describe('a table that changes while the sink runs', () => {
  it('is read again before anything is refused', async () => {
    const sink = await sinkInto('id int primary key, v text');
    expect(states(await sink.write([row(0, { id: 1, v: 'a' })]))).toEqual(['written']);
    await db.query('alter table d add column c int default 5');
    expect(states(await sink.write([row(1, { id: 2, v: 'b', c: 7 }), row(2, { id: 3, c: null })]))).toEqual(['written', 'written']);
    await db.query('alter table d rename v to w');
    expect(states(await sink.write([row(3, { id: 4, w: 'd' })]))).toEqual(['written']);
    await db.query('alter table d alter c type text using c::text');
    expect(states(await sink.write([row(4, { id: 5, c: 'seven' })]))).toEqual(['written']);
    expect(await db.query('select id, w, c from d order by id')).toEqual([
      { id: 1, w: 'a', c: '5' },
      { id: 2, w: 'b', c: '7' },
      { id: 3, w: null, c: null },
      { id: 4, w: 'd', c: '5' },
      { id: 5, w: null, c: 'seven' },
    ]);
    await db.query(`drop table d`);
    await db.query(`create table d (id bigint primary key, w date, req int not null, ${GUARD})`);
    const outcomes = await sink.write([row(5, { id: 6, w: '2024-02-29', req: 3 }), row(6, { id: 7, c: 1, req: 1 })]);
    expect(states(outcomes)).toEqual(['written', 'refused']);
    expect(errorOf(outcomes[1]).message).toMatch(/no column "c"/);
    expect(await db.query('select id, w::text, req from d')).toEqual([{ id: '6', w: '2024-02-29', req: 3 }]);
    expect(sink.counts?.()).toMatchObject({ upserted: 6, refused: 1 });
  });

  it('may lose and regain its index, and the table of deleted keys', async () => {
    const sink = await sinkInto('id int, v text');
    await db.query('create unique index one on d (id)');
    await sink.write([row(0, { id: 1, v: 'a' })]);
    await db.query('drop index one');
    await db.query('create unique index other on d (id)');
    await db.query('drop table _streamer_deleted');
    expect(states(await sink.write([event({ id: 1 }, null, 1)]))).toEqual(['written']);
    expect(await db.query('select count(*)::int as deleted from _streamer_deleted')).toEqual([{ deleted: 1 }]);
  });
});

describe('a batch is written as one event after the other', () => {
  it('when a value of a second unique column passes from row to row', async () => {
    const sink = await sinkInto('id int primary key, mail text unique');
    await db.query("insert into d values (1, 'a'), (2, 'b'), (3, 'c')");
    const outcomes = await sink.write([
      row(0, { id: 1, mail: 'tmp' }),
      row(1, { id: 2, mail: 'a' }),
      row(2, { id: 1, mail: 'b' }),
      event({ id: 3 }, null, 3),
      row(4, { id: 4, mail: 'c' }),
      row(5, { id: 5, mail: 'a' }),
    ]);
    expect(states(outcomes)).toEqual(['written', 'written', 'written', 'written', 'written', 'refused']);
    expect(errorOf(outcomes[5]).message).toMatch(/Key \(mail\)=\(a\) already exists/);
    expect(await db.query('select id, mail from d order by id')).toEqual([
      { id: 1, mail: 'b' },
      { id: 2, mail: 'a' },
      { id: 4, mail: 'c' },
    ]);
  });

  it('when an exclusion constraint binds rows to each other', async () => {
    const sink = await sinkInto('id int primary key, span int4range, exclude using gist (span with &&)');
    await db.query("insert into d values (1, '[1,5)'), (2, '[5,9)')");
    const outcomes = await sink.write([
      row(0, { id: 1, span: '[20,30)' }),
      row(1, { id: 2, span: '[1,9)' }),
      row(2, { id: 1, span: '[9,12)' }),
    ]);
    expect(states(outcomes)).toEqual(['written', 'written', 'written']);
    expect(await db.query('select id, span from d order by id')).toEqual([
      { id: 1, span: '[9,12)' },
      { id: 2, span: '[1,9)' },
    ]);
  });

  it('when a row is deleted and comes again with fewer columns', async () => {
    const sink = await sinkInto("id int primary key, v text, w text default 'new'");
    await sink.write([row(0, { id: 1, v: 'old', w: 'old' })]);
    await sink.write([event({ id: 1 }, null, 1, 'd'), row(2, { id: 1, v: 'again' })]);
    expect(await db.query('select v, w from d')).toEqual([{ v: 'again', w: 'new' }]);
  });

  it('whatever the batch, as a model of one event after the other', async () => {
    const sink = await sinkInto('id int primary key, mail text unique');
    const mails = new Map<number, string>();
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    let offset = 0;
    for (let batch = 0; batch < 20; batch++) {
      const events = Array.from({ length: 16 }, () => {
        const id = random(5);
        const free = ['a', 'b', 'c', 'd', 'e', 'f'].filter((mail) => ![...mails].some(([other, taken]) => other !== id && taken === mail));
        const mail = random(4) === 0 ? undefined : free[random(free.length)];
        if (mail === undefined) mails.delete(id);
        else mails.set(id, mail);
        return mail === undefined ? event({ id }, null, offset++, 'd') : row(offset++, { id, mail });
      });
      expect(new Set(states(await sink.write(events)))).toEqual(new Set(['written']));
      expect(await db.query('select id, mail from d order by id')).toEqual(
        [...mails].sort(([a], [b]) => a - b).map(([id, mail]) => ({ id, mail })),
      );
    }
  });
});

describe('positions in the log', () => {
  const of = (server: string, lsn: number, op: string, id: number, v: string | null, offset: number, more: object = {}) =>
    event(
      { id },
      { before: null, after: v === null ? null : { id, v }, source: { name: server, db: server, table: 'd', lsn, ...more }, op, ts_ms: 1 },
      offset,
      `${server}.public.d`,
    );
  const values = async () =>
    (await db.query<{ id: number; v: string }>('select id, v from d order by id')).map(({ id, v }) => `${id} ${v}`);

  it('of different servers are not compared, and those of one are', async () => {
    const sink = await sinkInto('id int primary key, v text', { values: 'changes' });
    await sink.write([of('a', 5_000, 'c', 2, 'on a', 0)]);
    await sink.write([of('a', 5_100, 'd', 2, null, 1), event({ id: 2 }, null, 2, 'a.public.d')]);
    await sink.write([of('b', 1_000, 'c', 2, 'on b', 0)]);
    await sink.write([of('b', 900, 'u', 2, 'old on b', 1)]);
    expect(await values()).toEqual(['2 on b']);
    await sink.write([of('a', 6_000, 'c', 1, 'of a', 3)]);
    await sink.write([of('b', 1_200, 'u', 1, 'of b', 2), of('b', 1_100, 'u', 1, 'old of b', 3)]);
    expect(await values()).toEqual(['1 of b', '2 on b']);
    // The tombstone keeps the position of the delete before it.
    await sink.write([of('b', 2_000, 'd', 1, null, 4)]);
    await sink.write([event({ id: 1 }, null, 5, 'b.public.d')]);
    await sink.write([of('b', 1_500, 'u', 1, 'late', 6)]);
    expect(await values()).toEqual(['2 on b']);
  });

  it('of different timelines of one server are not compared', async () => {
    const sink = await sinkInto('id int primary key, v text', { values: 'changes' });
    await sink.write([of('a', 5_000, 'c', 1, 'lost', 0, { timeline: 1 })]);
    await sink.write([of('a', 4_000, 'u', 1, 'restored', 1, { timeline: 2 })]);
    expect(await values()).toEqual(['1 restored']);
    await sink.write([of('a', 3_900, 'u', 1, 'older', 2, { timeline: 2 })]);
    expect(await values()).toEqual(['1 restored']);
  });

  it('of rows by themselves are compared within their topic, or the server that they name', async () => {
    const sink = await sinkInto('id int primary key, v text', { fields: ['id', 'v'] });
    const plain = (topic: string, lsn: number, v: string, offset: number, more: object = {}) =>
      event({ id: 1 }, { id: 1, v, __lsn: lsn, ...more }, offset, topic, offset % 2);
    await sink.write([plain('one', 500, 'new', 0)]);
    await sink.write([plain('one', 400, 'old', 1)]);
    expect(await values()).toEqual(['1 new']);
    await sink.write([plain('two', 300, 'other', 0)]);
    expect(await values()).toEqual(['1 other']);
    await sink.write([plain('three', 900, 'named', 0, { __name: 'a', __db: 'x' })]);
    await sink.write([plain('four', 800, 'old', 0, { __name: 'a', __db: 'x' })]);
    expect(await values()).toEqual(['1 named']);
  });
});

describe('what a value is', () => {
  it('rows are rows, whatever their columns are called', async () => {
    const sink = await sinkInto('id int primary key, before jsonb, after jsonb, source jsonb, op text, ts_ms bigint', { values: 'rows' });
    const audit = { before: { a: 1 }, after: { id: 9 }, source: { db: 'x', connector: 'y' }, op: 'c', ts_ms: 7 };
    expect(states(await sink.write([event({ id: 1 }, audit, 0, 'd'), row(1, { id: 2, ...audit, op: 'd', after: null })]))).toEqual([
      'written',
      'written',
    ]);
    expect(await db.query('select id, before, after, source, op, ts_ms::int from d order by id')).toEqual([
      { id: 1, ...audit },
      { id: 2, ...audit, op: 'd', after: null },
    ]);
  });

  it('by default only what has the whole form of a change event is one', async () => {
    const sink = await sinkInto('id int primary key, before jsonb, after jsonb, source text, op text');
    expect(states(await sink.write([row(0, { id: 1, before: null, after: { id: 9 }, source: 'web', op: 'c' })]))).toEqual(['written']);
    await sink.write([event({ id: 2 }, { before: null, after: { id: 2, op: 'z' }, source: { db: 'x' }, op: 'c', ts_ms: 1 }, 1, 'd')]);
    expect(await db.query('select id, op, after from d order by id')).toEqual([
      { id: 1, op: 'c', after: { id: 9 } },
      { id: 2, op: 'z', after: null },
    ]);
  });

  it('changes have to be changes', async () => {
    const sink = await sinkInto('id int primary key, v text', { values: 'changes' });
    const outcomes = await sink.write([row(0, { id: 1, v: 'x' }), event({ id: 1 }, change('c', { id: 1, v: 'y' }), 1, 'd')]);
    expect(states(outcomes)).toEqual(['refused', 'written']);
    expect(errorOf(outcomes[0])).toMatchObject({
      message: expect.stringContaining('expected a change event'),
      next: expect.stringContaining("'rows'"),
    });
  });

  it('columns named schema, payload and __deleted are columns where the table has them', async () => {
    const sink = await sinkInto('schema text primary key, payload jsonb, __deleted boolean', { pkFields: ['schema'] });
    const outcomes = await sink.write([
      event('a', { schema: 'a', payload: { x: 1 } }, 0, 'd'),
      event('b', { schema: 'b', payload: null, __deleted: true }, 1, 'd'),
      event('c', schemed([{ field: 'schema', type: 'string' }], { schema: 'c' }), 2, 'd'),
    ]);
    expect(states(outcomes)).toEqual(['written', 'written', 'written']);
    expect(await db.query('select schema, payload, __deleted from d order by 1')).toEqual([
      { schema: 'a', payload: { x: 1 }, __deleted: null },
      { schema: 'b', payload: null, __deleted: true },
      { schema: 'c', payload: null, __deleted: null },
    ]);
  });

  it('columns may be named as the properties of every object are', async () => {
    await db.query('create table names (id int primary key)');
    const sink = postgresWriter<unknown, unknown>({ url: db.url, table: 'names', autoEvolve: true });
    await sink.open?.('store');
    open.push(sink);
    const value = JSON.parse('{"id":1,"constructor":"c","toString":2,"hasOwnProperty":true,"__proto__":"p","valueOf":null}');
    expect(states(await sink.write([event({ id: 1 }, value, 0)]))).toEqual(['written']);
    expect(await db.query('select "constructor", "toString", "hasOwnProperty", "__proto__" as proto from names')).toEqual([
      { constructor: 'c', toString: 2, hasOwnProperty: true, proto: 'p' },
    ]);
    const keyed = await sinkInto('"constructor" text primary key, "__proto__" text', { pkFields: ['constructor'] });
    const outcomes = await keyed.write([
      event(JSON.parse('{"constructor":"a"}'), JSON.parse('{"__proto__":"x"}'), 0, 'd'),
      event({}, { v: 1 }, 1, 'd'),
    ]);
    expect(states(outcomes)).toEqual(['written', 'refused']);
    expect(errorOf(outcomes[1]).message).toMatch(/"constructor" is in neither its key nor its row/);
  });
});

describe('what is not a connection error fails its row', () => {
  it('identity and generated columns that are not the key are left out', async () => {
    const sink = await sinkInto(
      'id int primary key, n int generated always as identity, m int generated by default as identity, g int generated always as (id * 2) stored, v text',
    );
    expect(states(await sink.write([row(0, { id: 1, n: 77, m: 5, g: 99, v: 'x' })]))).toEqual(['written']);
    expect(states(await sink.write([row(1, { id: 1, n: 78, m: 6, g: 99, v: 'y' })]))).toEqual(['written']);
    expect(await db.query('select id, m, g, v from d')).toEqual([{ id: 1, m: 6, g: 2, v: 'y' }]);
  });

  it('a trigger, a policy, a statement that takes too long', async () => {
    const sink = await sinkInto('id int primary key, v text', { pool: { options: '-c statement_timeout=300' } });
    await db.query(`create function odd() returns trigger as $$ begin
      if new.v = 'missing' then perform no_such_function(); end if;
      if new.v = 'slow' then perform pg_sleep(5); end if;
      if new.v = 'right' then raise exception 'no' using errcode = '42501'; end if;
      if new.v = 'deadlock' then raise exception 'deadlock' using errcode = '40P01'; end if;
      return new; end $$ language plpgsql`);
    await db.query('create trigger odd before insert or update on d for each row execute function odd()');
    const outcomes = await sink.write(['fine', 'missing', 'slow', 'right', 'deadlock', 'good'].map((v, id) => row(id, { id, v })));
    expect(states(outcomes)).toEqual(['written', 'refused', 'refused', 'refused', 'refused', 'written']);
    for (const at of [1, 2, 3, 4]) expect(errorOf(outcomes[at])).toMatchObject({ code: 'REFUSED', retryable: true });
    expect(await db.query('select v from d order by id')).toEqual([{ v: 'fine' }, { v: 'good' }]);
  }, 30_000);

  it('a table that is gone, until it is back', async () => {
    const sink = await sinkInto('id int primary key, v text');
    await sink.write([row(0, { id: 1, v: 'a' })]);
    await db.query('drop table d');
    const outcomes = await sink.write([row(1, { id: 2, v: 'b' }), row(2, { id: 3, v: 'c' })]);
    expect(states(outcomes)).toEqual(['refused', 'refused']);
    expect(errorOf(outcomes[0])).toMatchObject({
      message: 'postgresUpsert: there is no table d',
      retryable: true,
      next: expect.stringContaining('Create it'),
    });
    await db.query(`create table d (id int primary key, v text, ${GUARD})`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(states(await sink.write([row(1, { id: 2, v: 'b' })]))).toEqual(['written']);
  });
});

describe('values that Postgres would change', () => {
  it('are refused with the column', async () => {
    await db.query('create domain cents as numeric(6,2)');
    const sink = await sinkInto(
      'id int primary key, n numeric(6,2), big numeric, f double precision, r real, day date, at timestamp(3), hour time, t text, j jsonb, b bytea, ' +
        'cash money, span interval, span2 interval second(2), vc varchar(3), ch char(3), o oid, sym name, c "char", z timestamptz, dom cents, list numeric(6,2)[]',
    );
    const read = (text: string) => exactJson().decode(Buffer.from(text), { topic: 'd', part: 'value' }) as Record<string, unknown>;
    const bad: Array<[Record<string, unknown>, RegExp]> = [
      [{ n: 1.005 }, /"n" \(numeric\) cannot take 1.005: it has more than the 2 decimals/],
      [read('{"f":12345678901234567.89}'), /"f" .* double precision cannot hold all of its digits/],
      [{ f: 9_007_199_254_740_993n }, /double precision cannot hold/],
      [{ r: 16_777_217n }, /real cannot hold/],
      [{ day: '2024-02-29T10:00:00Z' }, /it has a time of day/],
      [{ day: new Date(1) }, /it has a time of day/],
      [{ at: '2024-02-29T10:00:00.1234' }, /more than the 3 decimals of seconds/],
      [{ at: '2024-02-29T10:00:00+02:00' }, /it has a time zone/],
      [{ hour: '2024-02-29T10:00:00Z' }, /it has a day/],
      [{ t: 'half \ud800' }, /half of a surrogate pair/],
      [{ j: { a: Number.NaN } }, /NaN has no JSON form/],
      [{ j: new Map() }, /an instance of Map has no JSON form/],
      [{ at: new Date(Number.NaN) }, /Invalid time value/],
      [{ cash: 1.005 }, /"cash" \(money\) cannot take 1.005: it has more than the 2 decimals/],
      [{ span: '1.0000001 seconds' }, /more than the 6 decimals of seconds/],
      [{ span: 'PT0.1234567S' }, /more than the 6 decimals of seconds/],
      [{ span: '00:00:01.1234567' }, /more than the 6 decimals of seconds/],
      [{ span2: '1.234 s' }, /more than the 2 decimals of seconds/],
      [{ vc: 'abc ' }, /more than the 3 characters/],
      [{ ch: 'ab   ' }, /more than the 3 characters/],
      [{ o: -1 }, /negative/],
      [{ sym: 'ä'.repeat(32) }, /more than the 63 bytes/],
      [{ c: 'ab' }, /more than the 1 bytes/],
      [{ day: 'today' }, /the time at which it is written/],
      [{ at: ' Now' }, /the time at which it is written/],
      [{ z: 'tomorrow 10:00' }, /the time at which it is written/],
      [{ dom: 1.005 }, /"dom" .* more than the 2 decimals/],
      [{ list: [1, 1.005] }, /more than the 2 decimals/],
    ];
    const outcomes = await sink.write(bad.map(([value], at) => row(at, { id: at, ...value })));
    expect(outcomes.map((outcome) => errorOf(outcome).message)).toEqual(bad.map(([, reason]) => expect.stringMatching(reason)));
    const good = {
      n: 1.5,
      big: read('{"x":12345678901234567.89}').x,
      f: -0,
      r: 0.1,
      day: '2024-02-29',
      at: '2024-02-29T10:00:00.123Z',
      hour: '10:00:00',
      cash: 1.5,
      span: '1 day 00:00:01.123456',
      span2: '1.23 s',
      vc: '😀😀😀',
      ch: 'ab ',
      o: 4294967295,
      sym: 'ä'.repeat(31),
      c: 'a',
      z: 'epoch',
      dom: 1.25,
      list: [1.25],
    };
    expect(states(await sink.write([row(99, { id: 99, ...good })]))).toEqual(['written']);
    expect(await db.query('select n::text, big::text, f::text, r::text, day::text, at::text, hour::text from d')).toEqual([
      { n: '1.50', big: '12345678901234567.89', f: '-0', r: '0.1', day: '2024-02-29', at: '2024-02-29 10:00:00.123', hour: '10:00:00' },
    ]);
  });
});
