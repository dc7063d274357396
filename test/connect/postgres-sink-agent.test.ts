import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresServer } from '../../examples/car-price/postgres/server.ts';
import { App, bytes, exactJson, optional, postgresUpsert } from '../../src/index.ts';
import { testApp } from '../../src/testing/index.ts';
import { brokers, unique } from '../helpers/broker.ts';
import { change } from './support/events.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.stop());

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows as unknown[];
}

function carApp(table: string) {
  const app = new App({ id: unique('store') });
  const cars = app.topic(unique('cars'), { key: optional(exactJson()), value: exactJson(), partitions: 2 });
  app.agent(
    'store',
    cars,
    postgresUpsert({ url: server.url, table, values: 'changes', autoCreate: true, columns: { id: 'integer', price: 'integer' } }),
  );
  const [letters] = app.topicSpecs().filter(({ internal }) => internal);
  return { app, cars, letters: new App({ id: 'reader' }).topic(String(letters?.name), { key: optional(bytes()), value: bytes() }) };
}

it('keeps the rows of a topic through a server that is killed, a deadlock and rows that are refused', async () => {
  const { app, cars, letters } = carApp('cars');
  const t = await testApp(app, { brokers: brokers() });
  const seen: string[] = [];
  t.worker.on('waiting', () => seen.push('waiting'));
  t.worker.on('resumed', () => seen.push('resumed'));
  const send = (id: number, price: unknown) => t.send(cars, { key: { id }, value: change('u', { id, price }) });
  await send(0, 0);
  await t.settled(20_000);
  // Refused by the server for a reason that passes, once.
  await query('create sequence tries');
  await query(`create function once() returns trigger as $$ begin
    if nextval('tries') = 1 then raise exception 'deadlock' using errcode = '40P01'; end if; return new; end $$ language plpgsql`);
  await query('create trigger once before insert on cars for each statement execute function once()');
  await send(1, 1);
  await t.settled(20_000);

  await server.kill();
  const sent = Array.from({ length: 200 }, (_, id) => send(id, id === 77 ? 'much' : id * 2));
  await Promise.all(sent);
  await expect.poll(() => seen.at(-1), { timeout: 20_000 }).toBe('waiting');
  await server.run();
  await t.settled(30_000);
  const dead = await t.next(letters, 20_000);
  expect(JSON.parse(String(dead.key))).toEqual({ id: 77 });
  expect(String(dead.headers['streamer.dlq.message'])).toMatch(/column "price": invalid input syntax for type integer: "much"/);
  expect(await query('select count(*)::integer as count, sum(price)::integer as sum from cars')).toEqual([
    { count: 199, sum: 199 * 200 - 154 },
  ]);
  expect(seen).toContain('resumed');
  expect(t.worker.stats().agents.store).toMatchObject({ failed: 1, sink: { refused: 1 } });
  await t.stop();
}, 90_000);

it('ends the start when the table cannot be written to', async () => {
  const app = new App({ id: unique('store') });
  app.agent(
    'store',
    app.topic(unique('cars'), { key: exactJson(), value: exactJson() }),
    postgresUpsert({ url: server.url, table: 'absent' }),
  );
  await expect(testApp(app, { brokers: brokers() })).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining('absent') });
});
