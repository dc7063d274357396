import { once } from 'node:events';
import { type App, ConfigError } from 'streamerjs';
import { type CarOptions, insertedCar } from './insert.ts';
import type { Settings } from './settings.ts';

/** What the app needs beside Kafka. `streamer dev -A car-price` runs it before the worker, which finds Postgres ready then. */
export function servicesCommand(app: App, { postgresUrl, modelUrl }: Settings): void {
  app.command(
    'services',
    (command) =>
      command
        .option('--postgres-port <n>', 'port of the embedded Postgres (default: that of POSTGRES_URL)', portIn(postgresUrl, '5432'))
        .option('--model-port <n>', 'port of the model server (default: that of MODEL_URL)', portIn(modelUrl, '80')),
    async ({ postgresPort, modelPort }, { signal, ready }) => {
      const { startServices } = await import('./services.ts');
      const services = await startServices({ postgresPort: portOf(postgresPort), modelPort: portOf(modelPort) });
      process.stdout.write(`postgres  ${services.postgresUrl}\nmodel     ${services.modelUrl}\n`);
      process.stdout.write(`next      streamer run -A ${app.id} insert --model Fiesta --year 2017 --mileage 15944\n`);
      ready();
      const gone = AbortSignal.any([signal, services.orphaned]);
      if (!gone.aborted) await once(gone, 'abort');
      await services.stop();
    },
    'an embedded Postgres with the table of cars, and the model server',
    { inDev: 'first' },
  );
}

/** `streamer run -A car-price insert --model Fiesta --year 2017` */
export function insertCommand(app: App, url: string): void {
  app.command(
    'insert',
    (command) =>
      command
        .requiredOption('--model <name>', 'as Fiesta')
        .option('--brand <name>', 'who made it', 'ford')
        .option('--year <n>', 'of its registration', '2017')
        .option('--price <pounds>', 'what the seller asks')
        .option('--transmission <kind>', 'Manual, Automatic or Semi-Auto', 'Manual')
        .option('--mileage <miles>', 'driven so far', '20000')
        .option('--fuel-type <kind>', 'Petrol, Diesel or Hybrid', 'Petrol')
        .option('--tax <pounds>', 'road tax a year', '145')
        .option('--mpg <n>', 'miles per gallon', '57.7')
        .option('--engine-size <litres>', 'as 1.2', '1.0')
        .option('--wait <seconds>', 'longest wait for the suggestion', '30')
        .option('--json', 'print the row of car_data_predicted as JSON'),
    async (options, { signal }) => {
      const row = await insertedCar(url, options as unknown as CarOptions, signal);
      if (options.json === true) process.stdout.write(`${JSON.stringify(row)}\n`);
      else process.stdout.write(`car ${row.id}  ${row.brand} ${row.model} of ${row.year}: suggested price ${row.suggested_price}\n`);
    },
    'insert one car, and show the price that is suggested for it',
  );
}

/** `streamer run -A car-price connectors --connect http://127.0.0.1:8083` */
export function connectorsCommand(app: App, url: string): void {
  app.command(
    'connectors',
    (command) =>
      command
        .option('--connect <url>', 'Kafka Connect', process.env.CONNECT_URL ?? 'http://127.0.0.1:8083')
        .option('--database <url>', 'the database as Connect reaches it', url)
        .option('--only <which>', 'source or sink (default: both)'),
    async ({ connect, database, only }, { signal }) => {
      if (only !== undefined && only !== 'source' && only !== 'sink')
        throw new ConfigError(`--only must be source or sink, got ${String(only)}`);
      const { KafkaConnect } = await import('./connect/kafka-connect.ts');
      const { databaseOf, SINK_CONNECTOR, SOURCE_CONNECTOR, sinkConnector, sourceConnector } = await import('./connect/connectors.ts');
      const target = databaseOf(String(database));
      const kafkaConnect = new KafkaConnect(String(connect));
      for (const [kind, name, config] of [
        ['source', SOURCE_CONNECTOR, sourceConnector(target)],
        ['sink', SINK_CONNECTOR, sinkConnector(target)],
      ] as const) {
        if (only !== undefined && only !== kind) continue;
        await kafkaConnect.put(name, config, signal);
        process.stdout.write(`${name} runs\n`);
      }
    },
    "register Debezium's source and JDBC sink with Kafka Connect, and wait until they run",
  );
}

function portIn(url: string, otherwise: string): string {
  return new URL(url).port || otherwise;
}

function portOf(value: unknown): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`a port must be a whole number of 0 to 65535, got ${String(value)}`);
  return port;
}
