/**
 * car-price with Debezium's connectors and with ours, in all four combinations, on Apache Kafka: the table of prices must be the
 * same. Takes the addresses from KAFKA_BROKERS, CONNECT_URL and POSTGRES_URL (whose user may create databases).
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { App } from 'streamerjs';
import { serveModel } from 'streamerjs/web';
import { carsOf } from '../../examples/car-price/cars.ts';
import { KafkaConnect } from '../../examples/car-price/connect/kafka-connect.ts';
import { priceModel } from '../../examples/car-price/model/price-model.ts';
import { type Combination, runSystem } from './system.ts';
import { changeTable, type PricedCar } from './table-changes.ts';

const example = (path: string) => fileURLToPath(new URL(`../../examples/car-price/${path}`, import.meta.url));
const COMBINATIONS: readonly Combination[] = [
  { source: 'connect', sink: 'connect' },
  { source: 'own', sink: 'connect' },
  { source: 'connect', sink: 'own' },
  { source: 'own', sink: 'own' },
];

const { KAFKA_BROKERS: brokers, CONNECT_URL: connectUrl, POSTGRES_URL: postgresUrl } = process.env;
if (!brokers || !connectUrl || !postgresUrl) throw new Error('KAFKA_BROKERS, CONNECT_URL and POSTGRES_URL must be set');

const { cars } = await carsOf(example('sample/cars.csv'));
const model = await serveModel({ model: priceModel(example('model/weights.json')), protocols: ['columnar'], port: 0 });
const connect = new KafkaConnect(connectUrl);
const admin = new App({ id: 'combinations', brokers: brokers.split(',') });
const results: Array<readonly PricedCar[]> = [];
try {
  for (const [at, combination] of COMBINATIONS.entries()) {
    const started = performance.now();
    const id = `car_${process.pid}_${at}`;
    const url = await database(id);
    const stop = await runSystem({ ...combination, id, brokers, postgresUrl: url, modelUrl: model.url, connect, admin });
    try {
      const rows = await changeTable(url, cars.slice(0, 200), example('model/weights.json'));
      results.push(rows);
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      process.stdout.write(`${combination.source} source, ${combination.sink} sink: ${rows.length} cars priced, ${seconds} s\n`);
    } finally {
      await stop();
    }
  }
} finally {
  await model.close();
  await admin.stop();
}
const [first, ...others] = results.map((rows) => JSON.stringify(rows));
const same = others.filter((rows) => rows === first).length;
if (results.length !== COMBINATIONS.length || same !== others.length) throw new Error('the tables of the combinations differ');
process.stdout.write(`combinations: ${results.length} passed, 0 failed\n`);

async function database(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = Object.assign(new URL(String(postgresUrl)), { pathname: `/${name}` }).href;
  const table = new pg.Client({ connectionString: url });
  await table.connect();
  await table.query(readFileSync(example('table.sql'), 'utf8'));
  await table.end();
  return url;
}
