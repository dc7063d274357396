import { App, bytes, inference, json, optional, postgresUpsert } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { http } from 'streamerjs/models';
import { Change, PREDICTED, type Question, questionOf, TABLE } from './car.ts';
import { connectorsCommand, insertCommand, servicesCommand } from './commands.ts';
import { passing } from './pass.ts';
import { settingsOf } from './settings.ts';
import { carOf, isGone, withSuggestion } from './suggestion.ts';

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

// Deletes and tombstones pass without a question: both become tombstones.
app.agent(
  'price',
  changes,
  inference({
    model: passing(http.columns<Question>(modelUrl)),
    features: (change) => {
      const car = carOf(change);
      return car === undefined ? null : questionOf(car);
    },
    result: (change, price) => (price === null ? (isGone(change) ? null : change) : withSuggestion(change, price)),
    batch: { size: 64, waitMs: 5 },
    inFlight: 4,
  }),
  { to: predicted },
);

if (sink === 'own') app.agent('store', predicted, postgresUpsert({ url, autoCreate: true, autoEvolve: true }));

servicesCommand(app, settings);
insertCommand(app, url);
connectorsCommand(app, url);
