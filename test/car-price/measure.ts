/**
 * Rows per second of Debezium's JDBC sink and of ours: the same topic of cars with schema, into a table of the same Postgres, by one
 * process each, one after the other. From the first row in the table to the last. Addresses as for the combinations.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { App, bytes, postgresUpsert } from 'streamerjs';
import { carsOf } from '../../examples/car-price/cars.ts';
import { databaseOf, sinkConnector } from '../../examples/car-price/connect/connectors.ts';
import { KafkaConnect } from '../../examples/car-price/connect/kafka-connect.ts';

const { KAFKA_BROKERS = '', CONNECT_URL = '', POSTGRES_URL = '' } = process.env;
const ROWS = Number(process.argv[2] ?? 50_000);
const FIELDS = {
  id: 'int32',
  brand: 'string',
  model: 'string',
  year: 'int32',
  price: 'int32',
  transmission: 'string',
  mileage: 'int32',
  fuel_type: 'string',
  tax: 'int32',
  mpg: 'double',
  engine_size: 'double',
};
const name = `sink_${process.pid}`;
const brokers = KAFKA_BROKERS.split(',');
const database = new pg.Client({ connectionString: POSTGRES_URL });
await database.connect();
const loader = new App({ id: 'load', brokers });
const topic = loader.topic(name, { key: bytes(), value: bytes(), partitions: 1 });
await fill();
const connect = new KafkaConnect(CONNECT_URL);
const rounds = [
  { who: 'JDBC sink, batch 500', table: `${name}_jdbc`, run: () => jdbc({}) },
  {
    who: 'JDBC sink, batch 2000, unnest',
    table: `${name}_unnest`,
    run: () =>
      jdbc(
        {
          'batch.size': '2000',
          'consumer.override.max.poll.records': '2000',
          'dialect.postgres.unnest.insert.enabled': 'true',
          'use.reduction.buffer': 'true',
        },
        `${name}_unnest`,
      ),
  },
  { who: 'postgresUpsert, batch 500', table: `${name}_own`, run: () => own(500, true, `${name}_own`) },
  { who: 'postgresUpsert, batch 2000', table: `${name}_own2`, run: () => own(2_000, true, `${name}_own2`) },
  { who: 'postgresUpsert, batch 500, no guard', table: `${name}_bare`, run: () => own(500, false, `${name}_bare`) },
];
for (const { who, table, run } of rounds) {
  const stop = await run();
  const { seconds } = await filled(table);
  process.stdout.write(
    `${who.padEnd(40)} ${Math.round(ROWS / seconds)
      .toLocaleString('en')
      .padStart(8)} rows/s\n`,
  );
  await stop();
}
await (await (await loader.client()).admin()).deleteTopics([name]);
await loader.stop();
for (const { table } of rounds) await database.query(`drop table if exists ${table}`);
await database.end();

async function fill(): Promise<void> {
  await (await (await loader.client()).admin()).createTopics(loader.topicSpecs());
  const { cars } = await carsOf(fileURLToPath(new URL('../../examples/car-price/sample/cars.csv', import.meta.url)));
  const struct = (fields: readonly (readonly [string, string])[]) => ({
    type: 'struct',
    optional: false,
    fields: fields.map(([field, type]) => ({ field, type, optional: field !== 'id' })),
  });
  const keySchema = struct([['id', 'int32']]);
  const schema = struct(Object.entries(FIELDS));
  for (let from = 0; from < ROWS; from += 1_000) {
    await Promise.all(
      Array.from({ length: Math.min(1_000, ROWS - from) }, (_, at) => {
        const id = from + at + 1;
        const key = Buffer.from(JSON.stringify({ schema: keySchema, payload: { id } }));
        return topic.send({ key, value: Buffer.from(JSON.stringify({ schema, payload: { id, ...cars[id % cars.length] } })) });
      }),
    );
  }
}

async function filled(table: string): Promise<{ seconds: number }> {
  let start = 0;
  let first = 0;
  for (;;) {
    const count = await rowsOf(table);
    if (count > 0 && start === 0) {
      start = performance.now();
      first = count;
    }
    if (count === ROWS) return { seconds: (((performance.now() - start) / 1_000) * ROWS) / (ROWS - first) };
    await delay(20);
  }
}

async function rowsOf(table: string): Promise<number> {
  const found = await database.query('select to_regclass($1) is not null as there', [table]);
  if (found.rows[0]?.there !== true) return 0;
  return Number((await database.query(`select count(*) from ${table}`)).rows[0]?.count);
}

async function jdbc(more: Readonly<Record<string, string>>, table = `${name}_jdbc`): Promise<() => Promise<void>> {
  await connect.put(table, {
    ...sinkConnector(databaseOf(POSTGRES_URL)),
    topics: name,
    'collection.name.format': table,
    'batch.size': '500',
    'consumer.override.auto.offset.reset': 'earliest',
    ...more,
  });
  return () => connect.remove(table);
}

async function own(size: number, guard: boolean, table: string): Promise<() => Promise<void>> {
  const app = new App({ id: table, brokers });
  app.agent(
    'store',
    app.topic(name, { key: bytes(), value: bytes() }),
    postgresUpsert({ url: POSTGRES_URL, table, autoCreate: true, guard, batch: { size } }),
  );
  await (await (await app.client()).admin()).createTopics(app.topicSpecs());
  const cpu = process.cpuUsage();
  await app.start();
  return async () => {
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(`  ${Math.round(((user + system) / ROWS) * 100) / 100} us of processor time a row\n`);
    await app.stop();
  };
}
