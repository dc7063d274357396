import { setTimeout as sleep } from 'node:timers/promises';
import { type Converter, type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../helpers/app.ts';
import { type PostgresServer, postgresServer, sql, withClient } from '../../helpers/replicating-postgres.ts';
import { Collector, started } from './collector.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
}, 60_000);
afterAll(() => server?.stop());

let made = 0;
function source(url: string, tables: readonly string[], more: Partial<PostgresChangesOptions> = {}) {
  return postgresChanges({ url, prefix: 'db', tables, slot: `r_${process.pid}_${made++}`, pollMs: 5, ...more });
}

it('confirms a transaction only after all its records are acknowledged', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key)');
  const changes = source(url, ['t']);
  const first = await started(changes);
  first.acknowledge = async (record) => {
    if (record.key?.toString() === '{"id":3}') throw new Error('refused');
  };
  await sql(url, 'insert into t values (1)');
  await first.count(1);
  await sql(url, 'begin; insert into t values (2), (3), (4); commit');
  await expect(first.ended).rejects.toThrow('refused');
  const second = await started(changes);
  await second.count(3);
  await second.stop();
  expect(second.changes.map(({ after }) => after!.id)).toEqual([2, 3, 4]);
});

it('loses neither of two transactions that were committed at the same time, when it ends after the first', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key)');
  const changes = source(url, ['t']);
  await (await started(changes)).stop();
  for (let round = 0; round < 3; round++) {
    await withClient(url, (a) =>
      withClient(url, async (b) => {
        await a.query(`begin; insert into t values (${round * 2})`);
        await b.query(`begin; insert into t values (${round * 2 + 1})`);
        await Promise.all([a.query('commit'), b.query('commit')]);
      }),
    );
    const first = new Collector();
    let sent = 0;
    first.acknowledge = async () => {
      if (sent++ > 0) throw new Error('died after the first');
    };
    await expect(first.start(changes).ended).rejects.toThrow('died');
    const second = await started(changes);
    await second.count(2);
    await second.stop();
    expect(second.changes.map(({ after }) => after!.id as number).sort((x, y) => x - y)).toEqual([round * 2, round * 2 + 1]);
  }
});

it('leaves no gap and no repeat between the snapshot and the stream while rows are written', async () => {
  const url = await server.database();
  await sql(url, `create table t (id serial primary key, v int); insert into t (v) select g from generate_series(1, 1500) g`);
  let isWriting = true;
  const writing = withClient(url, async (client) => {
    for (let i = 0; isWriting; i++)
      await client.query(
        `insert into t (v) values (${i}); update t set v = -1 where id = ${i * 7 + 1}; delete from t where id = ${i * 5 + 2}`,
      );
  });
  const collector = new Collector().start(source(url, ['t']));
  await collector.phase('streaming', 30_000);
  await sleep(50);
  isWriting = false;
  await writing;
  const table = (await sql(url, 'select id, v from t order by id')).rows as Array<{ id: number; v: number }>;
  const model = () => {
    const rows = new Map<number, number>();
    for (const { op, before, after } of collector.changes) {
      if (op === 'd') rows.delete(before!.id as number);
      else rows.set(after!.id as number, after!.v as number);
    }
    return [...rows].map(([id, v]) => ({ id, v })).sort((a, b) => a.id - b.id);
  };
  await until(
    () => JSON.stringify(model()) === JSON.stringify(table),
    (isEqual) => isEqual,
  );
  await collector.stop();
  const created = collector.changes.filter(({ op }) => op === 'r' || op === 'c').map(({ after }) => after!.id);
  expect(new Set(created).size).toBe(created.length);
  expect(collector.changes.filter(({ source: { snapshot } }) => snapshot === 'first' || snapshot === 'last')).toHaveLength(2);
});

it('starts over when it dies during the snapshot, and leaves no slot behind', async () => {
  const url = await server.database();
  await sql(url, `create table t (id int primary key); insert into t select generate_series(1, 500)`);
  const changes = source(url, ['t']);
  const first = new Collector();
  first.acknowledge = async () => {
    if (first.records.length === 300) throw new Error('died');
  };
  await expect(first.start(changes).ended).rejects.toThrow('died');
  const slots = () => sql(url, `select slot_name from pg_replication_slots where database = current_database()`);
  await until(
    async () => (await slots()).rowCount,
    (count) => count === 0,
  );
  const second = await started(changes);
  await second.stop();
  expect(second.changes).toHaveLength(500);
  expect((await changes.status()).state?.walStatus).toBe('reserved');
});

it('has one reader: another waits, names it, and takes over', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key)');
  const changes = source(url, ['t']);
  const first = await started(changes);
  const second = new Collector().start(changes);
  await second.phase('waiting');
  expect(second.states.at(-1)![1]).toMatch(/another process reads the slot .* \(streamer .*, server process \d+/);
  await expect(changes.reset()).rejects.toThrow('is being read');
  await first.stop();
  await second.phase('streaming');
  await sql(url, 'insert into t values (1)');
  await second.count(1);
  await second.stop();
  expect(first.records).toHaveLength(0);
});

it('lets the server drop its log while only other tables are written', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key); create table other (v text)');
  const changes = source(url, ['t'], { heartbeatMs: 100 });
  const collector = await started(changes);
  for (let i = 0; i < 4; i++) {
    await sql(url, `insert into other select repeat('x', 1000) from generate_series(1, 3000); select pg_switch_wal()`);
    await sql(url, 'checkpoint');
    await until(
      () => changes.status(),
      ({ state }) => state!.lagBytes < 1_000_000,
    );
  }
  await collector.stop();
  expect(collector.records).toHaveLength(0);
});

it('reads on from nearby after a load, with and without a superuser’s rights', async () => {
  const url = await server.database();
  const role = `reader_${process.pid}`;
  await sql(
    url,
    `create table t (id int primary key, v text); create role ${role} login replication password 'x'; grant select on t to ${role}`,
  );
  await sql(url, 'create publication near for table t');
  const urls = [url, Object.assign(new URL(url), { username: role, password: 'x' }).href];
  const sources = urls.map((each) => source(each, ['t'], { publication: 'near' }));
  const collectors = await Promise.all(sources.map((each) => started(each)));
  await sql(url, `insert into t select g, repeat('x', 1000) from generate_series(1, 5000) g`);
  for (const each of collectors) await each.count(5000);
  // More than a row of another table must not be decoded again at every look.
  await sql(url, 'create table other (id int)');
  for (const each of sources) {
    await until(
      async () => (await each.status()).state!.keptBytes,
      (bytes) => bytes < 1_000_000,
    );
  }
  for (const each of collectors) await each.stop();
  await sql(url, `drop owned by ${role}; drop role ${role}`);
});

it('follows a table that changes its form, its key and its name for a type', async () => {
  const url = await server.database();
  await sql(url, `create type mood as enum ('sad'); create table t (id int primary key, v text, m mood)`);
  const collector = await started(source(url, ['t'], { schemas: true, tombstones: false }));
  const steps = [
    `insert into t values (1, 'a', 'sad')`,
    `alter table t add column n int not null default 5; insert into t values (2, 'b', 'sad', 6)`,
    `alter table t drop column v; insert into t values (3, 'sad', 7)`,
    `alter table t alter column n type bigint; alter table t rename column n to k; update t set k = 8 where id = 1`,
    `alter type mood add value 'happy'`,
    `insert into t values (4, 'happy', 9)`,
    `alter table t drop constraint t_pkey; alter table t add primary key (k); alter table t replica identity default; delete from t where id = 4`,
  ];
  for (const [index, step] of steps.entries()) {
    await sql(url, step);
    if (!step.startsWith('alter type')) await collector.count(index < 4 ? index + 1 : index);
  }
  await collector.stop();
  const parsed = collector.records.map(({ key, value }) => ({
    key: JSON.parse(key!.toString()).payload,
    ...JSON.parse(value!.toString()),
  }));
  expect(parsed.map(({ key, payload }) => [key, payload.after])).toEqual([
    [{ id: 1 }, { id: 1, v: 'a', m: 'sad' }],
    [{ id: 2 }, { id: 2, v: 'b', m: 'sad', n: 6 }],
    [{ id: 3 }, { id: 3, m: 'sad', n: 7 }],
    [{ id: 1 }, { id: 1, m: 'sad', k: 8 }],
    [{ id: 4 }, { id: 4, m: 'happy', k: 9 }],
    [{ k: 9 }, null],
  ]);
  const fields = (at: number) =>
    parsed[at].schema.fields[1].fields.map(({ field, type }: { field: string; type: string }) => `${field} ${type}`);
  expect(fields(1)).toEqual(['id int32', 'v string', 'm string', 'n int32']);
  expect(fields(3)).toEqual(['id int32', 'm string', 'k int64']);
  expect(parsed[4].schema.fields[1].fields[1].parameters.allowed).toBe('sad,happy');
});

it('writes partitions as their root, or each by itself, as the publication says', async () => {
  const url = await server.database();
  await sql(
    url,
    `create table p (id int primary key, v text) partition by range (id);
    create table p_a partition of p for values from (0) to (10); create table p_b partition of p for values from (10) to (20);
    insert into p values (1, 'a'), (11, 'b'); create publication leaves for table p with (publish_via_partition_root = false)`,
  );
  const root = await started(source(url, ['p']));
  const leaves = await started(source(url, ['p'], { publication: 'leaves' }));
  await sql(url, `insert into p values (2, 'c')`);
  await Promise.all([root.count(3), leaves.count(3)]);
  await sql(url, `create table p_c partition of p for values from (20) to (30); insert into p values (21, 'd')`);
  await Promise.all([root.count(4), leaves.count(4)]);
  await Promise.all([root.stop(), leaves.stop()]);
  expect(root.records.map(({ topic }) => topic)).toEqual(['db.public.p', 'db.public.p', 'db.public.p', 'db.public.p']);
  expect(leaves.records.map(({ topic }) => topic)).toEqual(['db.public.p_a', 'db.public.p_b', 'db.public.p_a', 'db.public.p_c']);
});

it('says what to run when the role may not do what is needed', async () => {
  const url = await server.database();
  await sql(
    url,
    `create table t (id int primary key); do $$ begin if not exists (select from pg_roles where rolname = 'weak') then create role weak login password 'weak'; end if; end $$; alter role weak noreplication nobypassrls; grant select on t to weak`,
  );
  const weak = Object.assign(new URL(url), { username: 'weak', password: 'weak' }).href;
  const changes = source(weak, ['t'], { publication: 'mine' });
  await expect(new Collector().start(changes).ended).rejects.toMatchObject({
    next: expect.stringContaining('create publication "mine" for table "public"."t"'),
  });
  await sql(url, 'create publication mine for table t');
  await expect(new Collector().start(changes).ended).rejects.toMatchObject({
    next: expect.stringContaining('alter role "weak" replication;'),
  });
  await expect(new Collector().start(source(url, ['nowhere'])).ended).rejects.toThrow('there is no table "public"."nowhere"');
  await sql(url, 'alter role weak replication; revoke select on t from weak');
  await expect(new Collector().start(changes).ended).rejects.toMatchObject({
    next: expect.stringContaining('grant usage on schema "public" to "weak";  grant select on "public"."t" to "weak";'),
  });
  // Rows that a policy hides would be missing in the snapshot, and nobody would know.
  await sql(url, `grant select on t to weak; alter table t enable row level security; insert into t values (1)`);
  await expect(new Collector().start(changes).ended).rejects.toMatchObject({
    next: expect.stringContaining('alter role "weak" bypassrls;'),
  });
  await sql(url, 'alter role weak bypassrls');
  const allowed = await started(changes);
  await allowed.stop();
  expect(allowed.records).toHaveLength(1);
});

it('brings logical messages once, in and outside of transactions', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key); create table other (id int)');
  const collector = await started(source(url, ['t'], { messages: true, heartbeatMs: 60_000 }));
  await sql(url, `select pg_logical_emit_message(false, 'a', 'outside')`);
  await collector.count(1);
  for (let i = 0; i < 5; i++) await sql(url, 'insert into other values (1)');
  await sql(url, `begin; select pg_logical_emit_message(true, 'b', 'within'); insert into t values (1); commit`);
  await collector.count(3);
  await collector.stop();
  expect(collector.records.map(({ topic, key }) => [topic, key!.toString()])).toEqual([
    ['db.message', '{"prefix":"a"}'],
    ['db.message', '{"prefix":"b"}'],
    ['db.public.t', '{"id":1}'],
  ]);
});

it('hands keys and values to a converter of the user, with their schemas, and keeps the order when it takes its time', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key, v text); insert into t select g, $$row$$ from generate_series(1, 20) g');
  const converter: Converter = {
    async encode(schema, value, topic, part) {
      await sleep(part === 'key' ? 3 : 1);
      return Buffer.from(`${part} ${topic} ${schema.name} ${part === 'key' ? value : ''}`);
    },
  };
  const collector = await started(source(url, ['t'], { converter, unwrap: true }));
  await collector.stop();
  const keys = Array.from({ length: 20 }, (_, index) => `key db.public.t db.public.t.Key ${index + 1}`);
  expect(collector.records.map(({ key }) => key!.toString())).toEqual(keys);
  expect(collector.records[0]!.value!.toString()).toBe('value db.public.t db.public.t.Value ');
});

it('stops at NaN in a column that has no form for it', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key, a numeric, b numeric(5,2) not null)');
  const precise = source(url, ['t'], { slot: `nan_${process.pid}` });
  const collector = await started(precise);
  await sql(url, `insert into t values (1, 'NaN', 0); insert into t values (2, 1, 'NaN')`);
  await expect(collector.ended).rejects.toThrow('column "b" of public.t holds NaN');
  expect(collector.changes.map(({ after }) => after!.a)).toEqual([null]);
  const textual = await started(source(url, ['t'], { slot: `nan_${process.pid}`, decimals: 'string' }));
  await textual.count(2);
  await textual.stop();
  expect(textual.changes.map(({ after }) => [after!.a, after!.b])).toEqual([
    ['NAN', '0.00'],
    ['1', 'NAN'],
  ]);
});

it('stops, and says how to go on, where a large value is not in the log and nothing may stand for it', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key, v int, a float8[], b float8[] not null, n numeric)');
  await sql(url, 'alter table t alter a set storage external, alter b set storage external, alter n set storage external');
  const large = `array_fill(1.5::float8, array[2000])`;
  await sql(url, `insert into t values (1, 1, ${large}, '{1}', repeat('9', 9000)::numeric), (2, 1, null, ${large}, 1)`);
  const collector = await started(source(url, ['t'], { snapshot: 'never' }));
  await sql(url, 'update t set v = 2 where id = 1');
  await collector.count(1);
  expect(collector.changes[0]!.after).toEqual({ id: 1, v: 2, a: null, b: [1], n: null });
  await sql(url, 'update t set v = 2 where id = 2');
  await expect(collector.ended).rejects.toMatchObject({
    message: expect.stringContaining('column "b" of public.t is large and was not changed'),
    next: expect.stringContaining('replica identity full'),
  });
});

it('writes keys as Debezium has them: without what a primary key includes, and a tombstone for no key at all', async () => {
  const url = await server.database();
  await sql(url, 'create table k (id text, more text, primary key (id) include (more)); create table n (v int)');
  await sql(url, `alter table n replica identity full; insert into k values ('a', 'b')`);
  const collector = await started(source(url, ['k', 'n']));
  await sql(url, `update k set id = E'"\\\\\n\\U0001F600'; insert into n values (1); delete from n`);
  await collector.count(7);
  await collector.stop();
  expect(collector.records.map(({ key }) => key?.toString() ?? null)).toEqual([
    '{"id":"a"}',
    '{"id":"a"}',
    '{"id":"a"}',
    '{"id":"\\"\\\\\\n\\uD83D\\uDE00"}',
    null,
    null,
    null,
  ]);
  expect(collector.records.at(-1)!.value).toBeNull();
  // In headers only quotes and backslashes are escaped.
  expect(collector.records[1]!.headers![0]).toEqual(['__debezium.newkey', '{"id":"\\"\\\\\n😀"}']);
});

it('resets: the slot is gone, and the next start takes a snapshot', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key); insert into t values (1)');
  const changes = source(url, ['t']);
  expect(await changes.reset()).toBe(false);
  await (await started(changes)).stop();
  expect(await changes.status()).toMatchObject({ missing: [], reader: undefined, published: ['public.t'] });
  expect(await changes.reset({ publication: true })).toBe(true);
  expect((await changes.status()).state).toBeUndefined();
  const again = await started(changes);
  await again.stop();
  expect(again.changes.map(({ op }) => op)).toEqual(['r']);
});

it('has no more of a large transaction in memory than may be under way', async () => {
  const url = await server.database();
  await sql(url, 'create table t (id int primary key, v text)');
  const collector = await started(source(url, ['t']));
  const rows = 1_500;
  let [underWay, most, total] = [0, 0, 0];
  collector.acknowledge = async () => {
    most = Math.max(most, ++underWay);
    total++;
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
  };
  await sql(url, `insert into t select g, repeat('x', 16000) from generate_series(1, ${rows}) g`);
  await until(
    () => total,
    (count) => count === rows,
    60_000,
  );
  await collector.stop();
  // About 25 MB of records: never more at once than the 16 MiB that may be under way.
  expect(most).toBeLessThan(1_100);
}, 90_000);
