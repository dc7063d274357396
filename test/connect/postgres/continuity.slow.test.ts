import { jsonConverter, type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/app.ts';
import { type PostgresServer, postgresServer, sql } from '../../helpers/replicating-postgres.ts';
import { Collector, started } from './collector.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
}, 60_000);
afterAll(() => server?.stop());

let made = 0;
function optionsOf(url: string, more: Partial<PostgresChangesOptions> = {}): PostgresChangesOptions & { readonly slot: string } {
  return { url, prefix: 'db', tables: ['t'], pollMs: 5, ...more, slot: more.slot ?? `c_${process.pid}_${made++}` };
}

async function withTable(): Promise<string> {
  const url = await server.database();
  await sql(url, `create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')`);
  return url;
}

/** Each record as `op key`, a tombstone as `- key`. */
function shown({ records }: Collector): string[] {
  return records.map(({ key, value }) => `${value === null ? '-' : JSON.parse(value.toString()).op} ${key?.toString()}`);
}

describe('a captured table that is no longer the same', () => {
  const RECREATED = `drop table t; create table t (id int primary key, v text, w int); insert into t values (5, 'new', 1)`;

  it.each([
    ['dropped and recreated', RECREATED, 'public.t was dropped and recreated'],
    ['dropped', 'drop table t', 'public.t was dropped'],
    ['renamed', 'alter table t rename to u', 'public.t was renamed to public.u'],
    ['moved to another schema', 'create schema s; alter table t set schema s', 'public.t was renamed to s.t'],
    ['renamed and replaced', 'alter table t rename to u; create table t (id int primary key)', 'and another table has its name now'],
    ['removed from the publication', 'alter publication PUBLICATION set table other', 'public.t was removed from the publication'],
  ])('stops the source when it is %s, after what was written before', async (_, statements, message) => {
    const url = await withTable();
    await sql(url, 'create table other (id int primary key)');
    const options = optionsOf(url);
    const collector = await started(postgresChanges(options));
    await sql(url, `insert into t values (3, 'before')`);
    await sql(url, statements.replace('PUBLICATION', options.slot));
    await expect(collector.ended).rejects.toMatchObject({
      message: expect.stringContaining(message),
      next: expect.stringContaining("onTableReplaced: 'snapshot'"),
    });
    // What the last look read may come twice.
    expect([...new Set(shown(collector))]).toEqual(['r {"id":1}', 'r {"id":2}', 'c {"id":3}']);
  });

  it('stops the source when the publication is dropped', async () => {
    const url = await withTable();
    const options = optionsOf(url);
    const collector = await started(postgresChanges(options));
    await sql(url, `drop publication ${options.slot}`);
    await sql(url, `insert into t values (3, 'after')`);
    await expect(collector.ended).rejects.toThrow(
      /the publication "c_\w+" (of public\.t was dropped|did not exist when changes were written)/,
    );
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow(/the publication .* of public\.t does not exist/);
  });

  it('stops the source when it was recreated while nobody read, or added later', async () => {
    const url = await withTable();
    await sql(url, 'create table later (id int primary key)');
    const options = optionsOf(url);
    await (await started(postgresChanges(options))).stop();
    await expect(new Collector().start(postgresChanges({ ...options, tables: ['t', 'later'] })).ended).rejects.toThrow(
      'lacks public.later',
    );
    await sql(url, RECREATED);
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('lacks public.t');
  });

  it('is noticed in a publication for all tables, and stays noticed at the next attempt', async () => {
    const url = await withTable();
    await sql(url, 'create publication everything for all tables');
    const source = postgresChanges(optionsOf(url, { publication: 'everything' }));
    const collector = await started(source);
    await sql(url, RECREATED);
    await expect(collector.ended).rejects.toThrow('public.t was dropped and recreated');
    await expect(new Collector().start(source).ended).rejects.toThrow('public.t was replaced by another table');
  });

  it('is noticed in a publication for all tables when it was replaced while nobody read', async () => {
    const url = await withTable();
    await sql(url, 'create publication everything for all tables');
    const options = optionsOf(url, { publication: 'everything' });
    await (await started(postgresChanges(options))).stop();
    await (await started(postgresChanges(options))).stop();
    await sql(url, RECREATED);
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('public.t was replaced by another table');
    const second = await started(postgresChanges({ ...options, onTableReplaced: 'snapshot' }));
    await second.stop();
    expect(shown(second)).toEqual(['r {"id":5}']);
  });

  const LOST = `insert into t values (9, 'lost')`;

  it.each([
    ['dropped and created again', `drop publication P; ${LOST}; create publication P for table t`],
    ['robbed of the table, which comes back', `alter publication P drop table t; ${LOST}; alter publication P add table t`],
  ])('stops the source when the publication is %s, between two looks and while nobody reads', async (_, statements) => {
    for (const isRead of [true, false]) {
      const url = await withTable();
      const options = optionsOf(url, { pollMs: isRead ? 300 : 5 });
      const collector = await started(postgresChanges(options));
      if (!isRead) await collector.stop();
      await sql(url, `begin; ${statements.replaceAll('P', options.slot)}; commit; insert into t values (10, 'after')`);
      const ended = isRead ? collector.ended : new Collector().start(postgresChanges(options)).ended;
      await expect(ended).rejects.toThrow(/created again|did not exist when changes were written/);
      const again = new Collector().start(postgresChanges(options));
      await expect(again.ended).rejects.toThrow(/created again|did not exist when changes were written/);
      const snapshot = await started(postgresChanges({ ...options, onTableReplaced: 'snapshot' }));
      await snapshot.stop();
      expect(new Set(shown(snapshot))).toEqual(new Set(['r {"id":1}', 'r {"id":2}', 'r {"id":9}', 'r {"id":10}']));
      await (await started(postgresChanges(options))).stop();
    }
  });

  it('stops the source when the publication published less while nobody read', async () => {
    const url = await withTable();
    const options = optionsOf(url);
    await (await started(postgresChanges(options))).stop();
    const { slot } = options;
    await sql(url, `alter publication ${slot} set (publish = 'insert')`);
    await sql(url, `update t set v = 'lost'; alter publication ${slot} set (publish = 'insert, update, delete, truncate')`);
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('created again or changed');
  });

  it('goes on where the publication takes in another table, while it is read and, marked, at the next start', async () => {
    const url = await withTable();
    const options = optionsOf(url);
    const comment = async () => (await sql(url, `select obj_description(oid, 'pg_publication') as c from pg_publication`)).rows[0]?.c;
    const collector = await started(postgresChanges(options));
    const first = await comment();
    expect(first).toMatch(/^streamer, slot c_\w+: [0-9a-f]{32}$/);
    await sql(url, `create table other (id int primary key); alter publication ${options.slot} add table other`);
    await sql(url, `alter publication ${options.slot} set (publish_via_partition_root = false)`);
    await until(comment, (now) => now !== first);
    await collector.stop();
    const second = await started(postgresChanges(options));
    await sql(url, `insert into t values (3, 'c')`);
    await until(
      () => shown(second),
      (found) => found.includes('c {"id":3}'),
    );
    await second.stop();
    const { actions } = await postgresChanges(options).check();
    expect(actions.join('\n')).toContain('comment on publication');
  });

  it('leaves a comment of others on the publication as it is', async () => {
    const url = await withTable();
    await sql(url, `create publication ours for table t; comment on publication ours is 'of the team'`);
    const options = optionsOf(url, { publication: 'ours' });
    for (let start = 0; start < 2; start++) await (await started(postgresChanges(options))).stop();
    const { rows } = await sql(url, `select obj_description(oid, 'pg_publication') as c from pg_publication`);
    expect(rows).toEqual([{ c: 'of the team' }]);
    await sql(url, `drop publication ours; ${LOST}; create publication ours for table t`);
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('created again or changed');
  });

  it('stops the source when the publication publishes less than before', async () => {
    const url = await withTable();
    const options = optionsOf(url);
    const collector = await started(postgresChanges(options));
    await sql(url, `alter publication ${options.slot} set (publish = 'insert, update')`);
    await expect(collector.ended).rejects.toThrow('no longer publishes the operations d, t');
    const { findings } = await postgresChanges(options).check();
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'warning', text: expect.stringContaining('does not publish delete') }),
    );
  });

  it('starts a new snapshot, with deletes of the rows that are gone', async () => {
    const url = await withTable();
    const collector = await started(postgresChanges(optionsOf(url, { onTableReplaced: 'snapshot' })));
    const arrived = (record: string) =>
      until(
        () => shown(collector),
        (all) => all.includes(record),
      );
    await sql(url, `delete from t where id = 2`);
    await arrived('- {"id":2}');
    await sql(url, RECREATED);
    await arrived('r {"id":5}');
    await collector.phase('streaming');
    await sql(url, `insert into t values (6, 'later', 1)`);
    await arrived('c {"id":6}');
    await collector.stop();
    // What the look before the gap read may come twice.
    const all = shown(collector);
    expect(all.slice(all.indexOf('d {"id":1}'))).toEqual(['d {"id":1}', '- {"id":1}', 'r {"id":5}', 'c {"id":6}']);
    expect(collector.changes.at(-1)?.after).toEqual({ id: 6, v: 'later', w: 1 });
  });

  it('keeps its slot where no snapshot can be taken, because there is no table of that name', async () => {
    const url = await withTable();
    const options = optionsOf(url, { onTableReplaced: 'snapshot' });
    const collector = await started(postgresChanges(options));
    await sql(url, 'alter table t rename to u');
    await expect(collector.ended).rejects.toThrow('there is no table "public"."t"');
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('there is no table "public"."t"');
    await sql(url, `insert into u values (3, 'under another name')`);
    await sql(url, `alter table u rename to t; insert into t values (4, 'd')`);
    const again = await started(postgresChanges(options));
    await again.count(2);
    await again.stop();
    expect(again.records.map(({ topic, key }) => [topic, String(key)])).toEqual([
      ['db.public.t', '{"id":3}'],
      ['db.public.t', '{"id":4}'],
    ]);
  });

  it('is captured again after a reset', async () => {
    const url = await withTable();
    const source = postgresChanges(optionsOf(url));
    const first = await started(source);
    await sql(url, RECREATED);
    await expect(first.ended).rejects.toThrow('recreated');
    await source.reset();
    const second = await started(source, first.records);
    await second.stop();
    expect(shown(second)).toEqual(['d {"id":1}', '- {"id":1}', 'd {"id":2}', '- {"id":2}', 'r {"id":5}']);
  });
});

describe('a slot that is dropped while the source runs', () => {
  const dropped = (url: string, slot: string) =>
    until(
      () =>
        sql(url, `select pg_drop_replication_slot('${slot}')`).then(
          () => true,
          () => false,
        ),
      (isDone) => isDone,
    );

  it('stops the source, which says that changes are lost, at each attempt', async () => {
    const url = await withTable();
    const options = optionsOf(url);
    const source = postgresChanges(options);
    const collector = await started(source);
    await dropped(url, options.slot);
    await sql(url, 'delete from t where id = 2');
    const lost = {
      message: expect.stringContaining('changes since then are lost'),
      next: expect.stringContaining("onSlotLost: 'snapshot'"),
    };
    await expect(collector.ended).rejects.toMatchObject(lost);
    await expect(new Collector().start(source).ended).rejects.toMatchObject(lost);
    expect((await source.status()).state).toBeUndefined();
  });

  it('is followed by a snapshot that brings the deletes made meanwhile', async () => {
    const url = await withTable();
    const options = optionsOf(url, { onSlotLost: 'snapshot' });
    const collector = await started(postgresChanges(options));
    await sql(url, `insert into t values (3, 'c'), (4, 'd'); delete from t where id = 3`);
    await collector.count(6);
    await dropped(url, options.slot);
    await sql(url, `delete from t where id in (2, 4); insert into t values (5, 'e'); update t set v = 'z' where id = 1`);
    await until(
      () => shown(collector),
      (all) => all.includes('d {"id":2}') && all.includes('d {"id":4}') && all.includes('- {"id":4}'),
    );
    await collector.phase('streaming');
    await sql(url, `insert into t values (6, 'f')`);
    await until(
      () => shown(collector),
      (all) => all.includes('c {"id":6}'),
    );
    await collector.stop();
    expect(shown(collector).filter((each) => each.startsWith('d'))).toEqual(['d {"id":3}', 'd {"id":2}', 'd {"id":4}']);
  });
});

describe('a snapshot over topics that have records', () => {
  async function restarted(first: Partial<PostgresChangesOptions>, second: Partial<PostgresChangesOptions>): Promise<Collector> {
    const url = await withTable();
    const before = postgresChanges(optionsOf(url, { slot: `again_${process.pid}_${made}`, ...first }));
    const collector = await started(before);
    await sql(url, 'update t set id = 3 where id = 2; delete from t where id = 3');
    await until(
      () => collector.records.length,
      (length) => length >= 5,
    );
    await collector.stop();
    await before.reset();
    await sql(url, `delete from t where id = 1; insert into t values (4, 'd')`);
    const after = await started(postgresChanges(optionsOf(url, { slot: `again_${process.pid}_${made++}`, ...second })), collector.records);
    await after.stop();
    return after;
  }

  it('deletes each key once, whether tombstones were written or not', async () => {
    expect(shown(await restarted({ tombstones: false }, { tombstones: false }))).toEqual(['d {"id":1}', 'r {"id":4}']);
  });

  it('knows a key in another form', async () => {
    const { records } = await restarted({}, { schemas: true });
    const keys = records.map(({ key, value }) => [JSON.parse(String(key)).payload ?? JSON.parse(String(key)), value === null]);
    expect(keys).toEqual([
      [{ id: 1 }, false],
      [{ id: 1 }, true],
      // The key as it stands in the topic, so that compaction finds it.
      [{ id: 1 }, true],
      [{ id: 4 }, false],
    ]);
  });

  it('writes a delete as the options have it', async () => {
    const { records } = await restarted({ unwrap: { deletes: 'rewrite' } }, { unwrap: { deletes: 'rewrite' } });
    const rows = records.map(({ value }) => JSON.parse(String(value)));
    expect(rows).toEqual([
      { id: 1, v: null, __deleted: 'true' },
      { id: 4, v: 'd', __deleted: 'false' },
    ]);
  });

  it('writes tombstones where the converter cannot read keys', async () => {
    const { encode } = jsonConverter();
    const { records } = await restarted({ converter: { encode } }, { converter: { encode } });
    expect(records.map(({ key, value }) => [String(key), value === null])).toEqual([
      ['{"id":1}', true],
      ['{"id":4}', false],
    ]);
  });
});
