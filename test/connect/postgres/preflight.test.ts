import { type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';
import { Collector, started } from './collector.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
}, 60_000);
afterAll(() => server?.stop());

let made = 0;
function source(url: string, tables: readonly string[], more: Partial<PostgresChangesOptions> = {}) {
  return postgresChanges({ url, prefix: 'db', tables, slot: `p_${process.pid}_${made++}`, pollMs: 5, ...more });
}

function refusal(changes: ReturnType<typeof source>): Promise<void> {
  return new Collector().start(changes).ended;
}

describe('a table without replica identity', () => {
  it('is refused at the start, with the SQL, and the statements of the application go on working', async () => {
    const url = await server.database();
    await sql(url, `create table audit (line text); insert into audit values ('x')`);
    const changes = source(url, ['audit']);
    await expect(refusal(changes)).rejects.toMatchObject({
      message: expect.stringContaining('public.audit has no replica identity'),
      next: expect.stringContaining('alter table public.audit replica identity full;'),
    });
    await sql(url, `update audit set line = 'y'`);
    await sql(url, 'alter table public.audit replica identity full');
    const collector = await started(changes);
    await sql(url, `update audit set line = 'z'; delete from audit`);
    await collector.count(3);
    await collector.stop();
    expect(collector.changes.map(({ op }) => op)).toEqual(['r', 'u', 'd']);
  });

  it.each([
    ['with the identity "nothing"', 'create table t (id int primary key); alter table t replica identity nothing', 'public.t'],
    ['with a deferrable key', 'create table t (id int primary key deferrable)', 'public.t'],
    [
      'as one of its partitions',
      'create table t (id int) partition by range (id); create table "t A" partition of t for values from (0) to (9); create table t_b partition of t for values from (9) to (99); alter table t_b replica identity full',
      'public."t A"',
    ],
    [
      'whose index of the identity is gone',
      'create table t (id int not null unique); alter table t replica identity using index t_id_key; alter table t drop constraint t_id_key',
      'public.t',
    ],
  ])('is recognised %s', async (_, statements, name) => {
    const url = await server.database();
    await sql(url, statements);
    await expect(refusal(source(url, ['t']))).rejects.toMatchObject({
      next: expect.stringContaining(`alter table ${name} replica identity full;`),
    });
  });

  it('is a warning where it is published already, and nothing where only inserts are', async () => {
    const url = await server.database();
    await sql(
      url,
      `create table t (v int); create publication given for table t; create publication inserts for table t with (publish = 'insert')`,
    );
    const given = source(url, ['t'], { publication: 'given' });
    const { isReady, findings } = await given.check();
    expect([isReady, findings.filter(({ level }) => level === 'warning').map(({ text }) => text)]).toEqual([
      true,
      ['public.t is published without a replica identity: the server refuses every UPDATE and DELETE of it'],
    ]);
    await (await started(given)).stop();
    expect(
      (await source(url, ['t'], { publication: 'inserts' }).check()).findings.filter(
        ({ level, text }) => level === 'problem' || /identity/.test(text),
      ),
    ).toEqual([]);
  });
});

describe('topics and names', () => {
  it('of two tables that would share a topic are refused at once', () => {
    const options = { url: 'postgresql://x', prefix: 'p', slot: 's' };
    expect(() => postgresChanges({ ...options, tables: ['public.ä', 'public.ö'] })).toThrow(
      'public.ä and public.ö would both be written to the topic p.public._',
    );
    expect(() => postgresChanges({ ...options, tables: ['"a.b".c', 'a."b.c"'] })).toThrow('would both be written to the topic p.a.b.c');
    expect(() => postgresChanges({ ...options, tables: ['t', 'public.t'] })).toThrow('public.t is named twice');
    expect(() => postgresChanges({ ...options, tables: ['a.b_c', 'a_b.c'] })).toThrow(
      'Kafka takes only one of the topics p.a.b_c, p.a_b.c',
    );
    expect(() =>
      postgresChanges({ ...options, prefix: 'p'.repeat(150), tables: ['s'.repeat(60), 't'.repeat(60)].map((name) => `${name}.${name}`) }),
    ).toThrow('has more than 249 characters');
    expect(() => postgresChanges({ ...options, tables: ['public.a', 'public.b'] })).not.toThrow();
  });

  it('of two partitions that would share a topic are refused where they turn up', async () => {
    const url = await server.database();
    await sql(
      url,
      `create table p (id int primary key) partition by range (id); create publication leaves for table p;
      create table "p ä" partition of p for values from (0) to (9); create table "p ö" partition of p for values from (9) to (99); insert into p values (1), (11)`,
    );
    await expect(refusal(source(url, ['p'], { publication: 'leaves' }))).rejects.toThrow(/public\.p ä and public\.p ö would both/);
  });

  it('with a dot in the schema are found by the quoted name, which the error shows', async () => {
    const url = await server.database();
    await sql(
      url,
      `create schema "my.shop"; create table "my.shop".cars (id int primary key); create table "Cars" (id int primary key); insert into "my.shop".cars values (1)`,
    );
    await expect(refusal(source(url, ['my.shop.cars']))).rejects.toMatchObject({
      message: expect.stringContaining('there is no table "my"."shop.cars"'),
      next: expect.stringContaining(`'"my.shop"."cars"'`),
    });
    await expect(refusal(source(url, ['cars']))).rejects.toMatchObject({ next: expect.stringContaining("'public.Cars'") });
    const collector = await started(source(url, ['"my.shop".cars']));
    await collector.stop();
    expect(collector.records.map(({ topic }) => topic)).toEqual(['db.my.shop.cars']);
  });

  it('of JavaScript objects are tables, columns and types like others', async () => {
    const url = await server.database();
    await sql(
      url,
      `create type "constructor" as enum ('toString'); create domain "valueOf" as int;
      create table "hasOwnProperty" ("__proto__" int primary key, "constructor" "constructor", "toString" "valueOf", "hasOwnProperty" text default '__proto__');
      insert into "hasOwnProperty" values (1, 'toString', 2)`,
    );
    const collector = await started(source(url, ['hasOwnProperty']));
    await sql(url, `update "hasOwnProperty" set "constructor" = null; update "hasOwnProperty" set "__proto__" = 3`);
    await collector.count(5);
    await collector.stop();
    expect(collector.records.map(({ key }) => String(key))).toEqual(['1', '1', '1', '1', '3'].map((id) => `{"__proto__":${id}}`));
    expect(String(collector.records[0]?.value)).toContain(
      '"after":{"__proto__":1,"constructor":"toString","toString":2,"hasOwnProperty":"__proto__"}',
    );
    expect(collector.records[0]?.topic).toBe('db.public.hasOwnProperty');
  });

  it('of columns that `unwrap` adds are refused at the start', async () => {
    const url = await server.database();
    await sql(url, 'create table t (id int primary key, __deleted text, __op text)');
    await expect(refusal(source(url, ['t'], { unwrap: { deletes: 'rewrite' } }))).rejects.toThrow(
      'column "__deleted" of public.t has the name of a field',
    );
    await expect(refusal(source(url, ['t'], { unwrap: { addFields: ['op'] } }))).rejects.toThrow('column "__op" of public.t');
    await (await started(source(url, ['t'], { unwrap: true }))).stop();
  });
});

describe('the role and the database', () => {
  it('a role that may only read is named, with the SQL', async () => {
    const url = await server.database();
    const role = `reading_${process.pid}`;
    await sql(
      url,
      `create table t (id int primary key); create role ${role} superuser login password 'x'; alter role ${role} set default_transaction_read_only = on`,
    );
    const reading = Object.assign(new URL(url), { username: role, password: 'x' }).href;
    const changes = source(reading, ['t'], { publication: 'given' });
    await expect(refusal(changes)).rejects.toMatchObject({
      message: expect.stringContaining(`the role "${role}" may only read here`),
      next: expect.stringMatching(
        /create publication "given" for table "public"\."t".*alter role "reading_\d+" set default_transaction_read_only = off/s,
      ),
    });
    await sql(url, 'create publication given for table t');
    const collector = await started(changes);
    await sql(url, 'insert into t values (1)');
    await collector.count(1);
    await collector.stop();
    await changes.reset();
    await sql(url, `drop role ${role}`);
  });

  it('bytes that are not UTF-8 stop the source, with table, column and row', async () => {
    const name = `ascii_${process.pid}`;
    await sql(server.url, `create database ${name} encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'`);
    const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
    const bad = `convert_from('\\x4de46e6e'::bytea, 'SQL_ASCII')`;
    await sql(url, `create table t (id int primary key, yes bool, c char(4), v text); insert into t values (1, true, 'ä', 'ü €')`);
    const changes = source(url, ['t'], { slot: `ascii_${process.pid}` });
    expect((await changes.check()).findings.map(({ about }) => about)).toContain('server_encoding');
    const collector = await started(changes);
    expect(collector.changes[0]?.after).toEqual({ id: 1, yes: true, c: 'ä  ', v: 'ü €' });
    await sql(url, `insert into t values (7, false, 'x', ${bad})`);
    const message =
      'column "v" of public.t holds bytes that are not UTF-8 (4de46e6e): the database has the encoding SQL_ASCII; the row is id = 7';
    await expect(collector.ended).rejects.toThrow(message);
    await changes.reset();
    await expect(refusal(changes)).rejects.toThrow(message);
    await sql(url, `update t set v = 'Männ' where id = 7`);
    const again = await started(changes);
    await again.stop();
    expect(again.changes.map(({ after }) => after?.v)).toEqual(['ü €', 'Männ']);
    await changes.reset();
    await sql(server.url, `drop database ${name} with (force)`);
  });

  it('everything that is missing is reported together, and nothing is changed', async () => {
    const url = await server.database();
    const role = `nobody_${process.pid}`;
    await sql(url, `create table t (v int); create view seen as select 1 as one; create role ${role} login password 'x'`);
    const changes = source(Object.assign(new URL(url), { username: role, password: 'x' }).href, ['t', 'seen', 'nowhere'], {
      publication: 'given',
    });
    await expect(refusal(changes)).rejects.toThrow(
      /problems:.*replica identity.*may not read "public"."t".*"seen" is not an ordinary table.*no table "public"."nowhere".*permission denied/s,
    );
    const { isReady, findings, actions } = await changes.check();
    expect([isReady, findings.filter(({ level }) => level === 'problem')]).toEqual([false, expect.objectContaining({ length: 5 })]);
    expect(actions.join('\n')).toMatch(/advisory lock.*create publication "given".*temporary slot.*pg_create_logical_replication_slot/s);
    expect((await sql(url, 'select from pg_publication')).rowCount).toBe(0);
    await sql(url, `drop role ${role}`);
  });

  it('a server without room for the slots says so before anything is done', async () => {
    const own = await postgresServer({ max_replication_slots: '1' });
    try {
      await sql(own.url, 'create table t (id int primary key)');
      await expect(refusal(source(own.url, ['t']))).rejects.toThrow('the server has 1 free replication slots; 2 are needed');
      expect((await sql(own.url, 'select from pg_publication')).rowCount).toBe(0);
    } finally {
      await own.stop();
    }
  }, 60_000);

  it('no error shows the password of the url', async () => {
    const secrets = ['s3cr%et', 's3cr%25et'];
    const urls = [
      'postgresql://someone:s3cr%25et@127.0.0.1:1/db',
      'postgresql://someone:s3cr%et@127.0.0.1:1/db',
      'postgresql://127.0.0.1:1/db?user=someone&password=s3cr%25et',
      'postgresql://someone:s3cr%25et@localhost:1/db',
      server.url.replace('postgres:postgres@', 'postgres:s3cr%25et@'),
    ];
    for (const url of urls) {
      const error: unknown = await refusal(source(url, ['t'])).catch((reason: unknown) => reason);
      const shown = await import('node:util').then(({ inspect }) => inspect(error, { depth: 9, showHidden: true }));
      expect(shown).toMatch(/ECONNREFUSED|cannot be parsed|refuses the connection/);
      for (const secret of secrets) expect(shown).not.toContain(secret);
    }
    expect(() => source('mysql://someone:s3cret@host/db', ['t'])).toThrow(/^(?!.*s3cret).*url/s);
  });
});
