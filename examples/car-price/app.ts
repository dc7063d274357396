import { App, bytes, json, optional, postgresUpsert } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { Change, PREDICTED, TABLE } from './car.ts';
import { connectorsCommand, insertCommand, servicesCommand } from './commands.ts';
import { pricing } from './pricing.ts';
import { settingsOf } from './settings.ts';

const settings = settingsOf(process.env);
const { postgresUrl: url, modelUrl, source, sink } = settings;

export const app = new App({ id: 'car-price', version: '1.0.0' });

const topic = { key: optional(bytes()), value: json(Change), partitions: 2, tombstones: 'deliver' } as const;
export const changes = app.topic(`car_database.public.${TABLE}`, topic);
export const predicted = app.topic(PREDICTED, topic);

if (source === 'own') {
  app.source(
    'cars',
    postgresChanges({ url, prefix: 'car_database', tables: [`public.${TABLE}`], schemas: true, unwrap: true, topics: { partitions: 2 } }),
  );
}

app.agent('price', changes, pricing(modelUrl), { to: predicted });

if (sink === 'own') app.agent('store', predicted, postgresUpsert({ url, values: 'rows', autoCreate: true, autoEvolve: true }));

servicesCommand(app, settings);
insertCommand(app, url);
connectorsCommand(app, url);
