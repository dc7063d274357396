import { App, bytes, json, optional, postgresUpsert } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';
import { Change, PREDICTED, TABLE } from '../../examples/car-price/car.ts';
import { pricing } from '../../examples/car-price/pricing.ts';

/** One part of car-price as an app of its own, so that it can be killed alone: `PART` is source, agent or sink. */
export function partApp(env: Readonly<Record<string, string | undefined>>): App {
  const { PART, POSTGRES_URL: url = '', MODEL_URL: modelUrl = '', GROUP = 'parts', KAFKA_BROKERS = '' } = env;
  const app = new App({ id: `${GROUP}-${PART}`, brokers: KAFKA_BROKERS.split(',') });
  const topic = { key: optional(bytes()), value: json(Change), partitions: 2, tombstones: 'deliver' } as const;
  if (PART === 'source') {
    app.source(
      'cars',
      postgresChanges({ url, prefix: 'car_database', tables: [`public.${TABLE}`], schemas: true, unwrap: true, topics: { partitions: 2 } }),
    );
  }
  if (PART === 'agent') {
    const changes = app.topic(`car_database.public.${TABLE}`, topic);
    app.agent('price', changes, pricing(modelUrl), { to: app.topic(PREDICTED, topic) });
  }
  if (PART === 'sink') {
    app.agent('store', app.topic(PREDICTED, topic), postgresUpsert({ url, values: 'rows', autoCreate: true, autoEvolve: true }));
  }
  return app;
}
