import { type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { expect, it } from 'vitest';
import { until } from '../../helpers/app.ts';
import { postgresServer, sql } from '../../helpers/replicating-postgres.ts';
import { Collector, started } from './collector.ts';

it('notices a slot that the server has invalidated, and brings the deletes made meanwhile when it is asked to', async () => {
  const own = await postgresServer({ max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB' });
  try {
    const url = await own.database();
    await sql(url, 'create table t (id int primary key); insert into t values (1), (2)');
    const options: PostgresChangesOptions = { url, prefix: 'db', tables: ['t'], pollMs: 5, slot: 'invalidated' };
    const first = await started(postgresChanges(options));
    await first.stop();
    await sql(url, 'create table other (v text); delete from t where id = 2');
    await until(
      async () => {
        await sql(url, `insert into other select repeat('x', 1000) from generate_series(1, 20000); select pg_switch_wal()`);
        await sql(url, 'checkpoint');
        return (await postgresChanges(options).status()).state?.walStatus;
      },
      (status) => status === 'lost',
      30_000,
    );
    await expect(new Collector().start(postgresChanges(options)).ended).rejects.toThrow('the server has dropped log');
    const second = await started(postgresChanges({ ...options, onSlotLost: 'snapshot' }), first.records);
    await second.stop();
    expect(second.records.map(({ key, value }) => [String(key), value === null ? null : JSON.parse(String(value)).op])).toEqual([
      ['{"id":2}', 'd'],
      ['{"id":2}', null],
      ['{"id":1}', 'r'],
    ]);
  } finally {
    await own.stop();
  }
}, 90_000);
