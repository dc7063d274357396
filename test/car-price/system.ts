import { fileURLToPath } from 'node:url';
import type { App } from 'streamerjs';
import { databaseOf, sinkConnector, sourceConnector } from '../../examples/car-price/connect/connectors.ts';
import type { KafkaConnect } from '../../examples/car-price/connect/kafka-connect.ts';
import { CliProcess } from './cli-process.ts';

export interface Combination {
  readonly source: 'own' | 'connect';
  readonly sink: 'own' | 'connect';
}

export interface System extends Combination {
  readonly brokers: string;
  readonly postgresUrl: string;
  readonly modelUrl: string;
  readonly connect: KafkaConnect;
  /** For topics and groups, which are made anew. */
  readonly admin: App;
}

const APP = fileURLToPath(new URL('../../dist/examples/car-price/app.js', import.meta.url));
const TOPICS = ['car_database.public.tbl_car_price', 'car_data_predicted'];

/** Starts topics, connectors and a worker. @returns what stops and removes them */
export async function runSystem({ source, sink, brokers, postgresUrl, modelUrl, connect, admin }: System): Promise<() => Promise<void>> {
  const env = { POSTGRES_URL: postgresUrl, MODEL_URL: modelUrl, KAFKA_BROKERS: brokers, CAR_PRICE_SOURCE: source, CAR_PRICE_SINK: sink };
  await CliProcess.run(['topics', 'create', '-A', APP], env);
  const target = databaseOf(postgresUrl);
  const registered: string[] = [];
  if (source === 'connect') {
    await connect.put('car-price-source', sourceConnector(target));
    registered.push('car-price-source');
  }
  if (sink === 'connect') {
    await connect.put('car-price-sink', { ...sinkConnector(target), 'consumer.override.metadata.max.age.ms': '2000' });
    registered.push('car-price-sink');
  }
  const worker = new CliProcess(['worker', '-A', APP, '--json'], env);
  await worker.said('"assigned"');
  return async () => {
    await worker.stop();
    for (const name of registered) await connect.remove(name);
    const kafka = await (await admin.client()).admin();
    await kafka.deleteTopics(TOPICS);
    await kafka.deleteGroups(['car-price', ...(sink === 'connect' ? ['connect-car-price-sink'] : [])]);
  };
}
