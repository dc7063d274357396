import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { postgresWriter } from '../../src/connect/index.ts';
import { stopPostgres, testDatabase } from '../helpers/postgres.ts';
import { event } from './support/events.ts';

afterAll(() => stopPostgres());

it('bears a connection that is cut between two of its statements', async () => {
  const db = await testDatabase();
  await db.query('create table cars (id integer primary key, model text)');
  const application = `cut_${process.pid}`;
  const pool = { application_name: application, max: 1 };
  let cut = true;
  const sink = postgresWriter<unknown, unknown>({
    url: db.url,
    pool,
    // Asked for each event, while the connection is in the sink's hands.
    table: () => 'cars',
    row: (value) => value as Record<string, unknown>,
    pkFields: ['id'],
    autoEvolve: true,
  });
  await sink.open?.('store');
  await sink.write([event({ id: 1 }, { id: 1, model: 'Ka' }, 0)]);
  const query = pg.Client.prototype.query;
  // The server ends the session when the transaction has begun; the next statement is held back until the client has heard of it.
  pg.Client.prototype.query = async function (this: pg.Client, ...args: unknown[]) {
    const answer = await (query as (...all: unknown[]) => Promise<unknown>).apply(this, args);
    if (cut && String(args[0]).startsWith('begin')) {
      cut = false;
      const gone = new Promise((resolve) => this.once('end', resolve));
      await db.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [application]);
      await gone;
    }
    return answer;
  } as typeof query;
  try {
    await expect(sink.write([event({ id: 2 }, { id: 2, model: 'Kuga' }, 1)])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  } finally {
    pg.Client.prototype.query = query;
  }
  expect(cut).toBe(false);
  expect(await sink.write([event({ id: 2 }, { id: 2, model: 'Kuga' }, 1)])).toEqual([{ state: 'written' }]);
  expect(await db.query('select id from cars order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  await sink.close?.();
  await db.close();
});
