import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { App } from 'streamerjs';
import { databaseOf, sinkConnector, sourceConnector } from '../../examples/car-price/connect/connectors.ts';
import type { KafkaConnect } from '../../examples/car-price/connect/kafka-connect.ts';
import type { KafkaAdmin } from '../../src/kafka/index.ts';
import { CliProcess } from './cli-process.ts';

export interface Combination {
  readonly source: 'own' | 'connect';
  readonly sink: 'own' | 'connect';
}

export interface System extends Combination {
  /** Kafka Connect keeps positions by a connector's name: it must be new. */
  readonly id: string;
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
export async function runSystem({
  id,
  source,
  sink,
  brokers,
  postgresUrl,
  modelUrl,
  connect,
  admin,
}: System): Promise<() => Promise<void>> {
  const env = { POSTGRES_URL: postgresUrl, MODEL_URL: modelUrl, KAFKA_BROKERS: brokers, CAR_PRICE_SOURCE: source, CAR_PRICE_SINK: sink };
  const registered: string[] = [];
  let worker: CliProcess | undefined;
  const stop = async () => {
    await worker?.stop();
    for (const name of registered) await connect.remove(name);
    await dropSlots(postgresUrl);
    const kafka = await (await admin.client()).admin();
    await kafka.deleteTopics(TOPICS);
    for (const group of ['car-price', ...(sink === 'connect' ? [`connect-sink-${id}`] : [])]) await deleteGroup(kafka, group);
  };
  try {
    await CliProcess.run(['topics', 'create', '-A', APP], env);
    await register({ id, source, sink, postgresUrl, connect }, registered);
    worker = new CliProcess(['worker', '-A', APP, '--json'], env);
    await worker.said('"assigned"');
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function register(
  { id, source, sink, postgresUrl, connect }: Pick<System, 'id' | 'source' | 'sink' | 'postgresUrl' | 'connect'>,
  registered: string[],
): Promise<void> {
  const target = databaseOf(postgresUrl);
  if (source === 'connect') {
    registered.push(`source-${id}`);
    await connect.put(`source-${id}`, { ...sourceConnector(target), 'slot.name': id });
  }
  if (sink === 'connect') {
    registered.push(`sink-${id}`);
    await connect.put(`sink-${id}`, { ...sinkConnector(target), 'consumer.override.metadata.max.age.ms': '2000' });
  }
}

/** Slots belong to the whole server: the next system's would have the same name. One is free when its reader has gone. */
async function dropSlots(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const drop = 'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()';
  for (const deadline = Date.now() + 20_000; ; await delay(100)) {
    const error = await client.query(drop).then(
      () => undefined,
      (cause: Error) => cause,
    );
    if (error === undefined || Date.now() > deadline) {
      await client.end();
      if (error !== undefined) throw error;
      return;
    }
  }
}

/** Connect has answered the removal of a connector before its member has left the group. */
async function deleteGroup(kafka: KafkaAdmin, group: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    try {
      return await kafka.deleteGroups([group]);
    } catch (error) {
      const { kafkaCode } = error as { readonly kafkaCode?: string };
      if (kafkaCode !== 'NON_EMPTY_GROUP' || Date.now() > deadline) throw error;
    }
  }
}
