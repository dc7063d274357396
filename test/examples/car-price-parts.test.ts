import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { json } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { Change } from '../../examples/car-price/car.ts';
import { carsOf } from '../../examples/car-price/cars.ts';
import {
  databaseOf,
  SINK_CONNECTOR,
  SOURCE_CONNECTOR,
  sinkConnector,
  sourceConnector,
} from '../../examples/car-price/connect/connectors.ts';
import { train } from '../../examples/car-price/model/training.ts';
import { passing } from '../../examples/car-price/pass.ts';
import { generate } from '../../examples/car-price/sample/generated-cars.ts';
import { settingsOf } from '../../examples/car-price/settings.ts';
import { carOf, isGone, withSuggestion } from '../../examples/car-price/suggestion.ts';

const at = (path: string) => fileURLToPath(new URL(`../../examples/car-price/${path}`, import.meta.url));
const CAR = { id: 1, brand: 'ford', model: 'Fiesta', year: 2017, price: null };
const FIELDS = [
  { type: 'int32', optional: false, field: 'id' },
  { type: 'string', optional: true, field: 'model' },
];
const PRICE = { type: 'int32', optional: true, field: 'suggested_price' };
/** A value as a topic of the app reads it. */
const changeOf = (value: unknown) => json(Change).decode(Buffer.from(JSON.stringify(value)), { topic: 'changes', part: 'value' });
const envelope = (op: string, after: object | null) => ({ before: null, after, source: {}, op });

describe('a suggestion', () => {
  it('is written, rounded, into the row of every form of a change', async () => {
    expect(withSuggestion(await changeOf(CAR), 14_935.5)).toEqual({ ...CAR, suggested_price: 14_936 });
    expect(withSuggestion(await changeOf(envelope('u', CAR)), 1.4)).toEqual(envelope('u', { ...CAR, suggested_price: 1 }));
  });

  it('leaves every other field as it came, whatever its name', async () => {
    const row = JSON.parse('{"id":1,"model":"Fiesta","constructor":"Ford","__proto__":"x","toString":null}');
    expect(JSON.stringify(await changeOf(row))).toBe(JSON.stringify(row));
    expect(Object.keys(withSuggestion(await changeOf(row), 7) ?? {})).toEqual([...Object.keys(row), 'suggested_price']);
    expect(JSON.stringify(await changeOf(envelope('c', row)))).toBe(JSON.stringify(envelope('c', row)));
  });

  it('brings its field into the schema, once', async () => {
    const schemed = { schema: { type: 'struct', fields: FIELDS }, payload: CAR };
    const once = withSuggestion(await changeOf(schemed), 7);
    expect(once).toEqual({ schema: { type: 'struct', fields: [...FIELDS, PRICE] }, payload: { ...CAR, suggested_price: 7 } });
    expect(withSuggestion(once, 8)).toEqual({
      schema: { type: 'struct', fields: [...FIELDS, PRICE] },
      payload: { ...CAR, suggested_price: 8 },
    });
    const whole = {
      schema: {
        type: 'struct',
        fields: [
          { type: 'struct', field: 'after', fields: FIELDS },
          { type: 'string', field: 'op' },
        ],
      },
      payload: envelope('c', CAR),
    };
    expect(withSuggestion(await changeOf(whole), 9)).toMatchObject({
      schema: { fields: [{ field: 'after', fields: [...FIELDS, PRICE] }, { field: 'op' }] },
      payload: { after: { suggested_price: 9 } },
    });
  });

  it('is not asked for when a car is gone', async () => {
    for (const gone of [null, { schema: {}, payload: null }]) {
      expect(carOf(await changeOf(gone))).toBeUndefined();
      expect(isGone(await changeOf(gone))).toBe(true);
    }
    for (const deleted of [envelope('d', null), { ...CAR, __deleted: 'true' }]) {
      expect(carOf(await changeOf(deleted))).toBeUndefined();
      expect(isGone(await changeOf(deleted))).toBe(false);
    }
    expect(() => changeOf({ id: 'x', model: 3 })).toThrow('value: (whole value): Invalid type');
  });

  it('is asked of the model for the cars of a batch alone, in their order', async () => {
    const asked: number[][] = [];
    const model = passing<number, number>({
      name: 'double',
      predict: async (rows) => {
        asked.push([...rows]);
        return rows.map((row) => row * 2);
      },
    });
    expect(await model.predict([null, 1, null, 2])).toEqual([null, 2, null, 4]);
    expect(await model.predict([null])).toEqual([null]);
    expect(asked).toEqual([[1, 2]]);
  });
});

describe('what ships', () => {
  it('is the sample that the generator gives', () => {
    expect(readFileSync(at('sample/cars.csv'), 'utf8')).toBe(generate(2_000, 7));
  });

  it('is the model that the training gives', async () => {
    const { cars, rejected } = await carsOf(at('sample/cars.csv'));
    expect(rejected).toEqual([]);
    const { model, training, test } = await train(cars);
    expect(Buffer.from(model.file).toString()).toBe(readFileSync(at('model/weights.json'), 'utf8'));
    expect(JSON.parse(JSON.stringify(model.features))).toEqual(JSON.parse(readFileSync(at('model/weights.features.json'), 'utf8')));
    expect(test).toMatchObject({ rows: Math.ceil(cars.length / 5) });
    expect(training.rows + test.rows).toBe(cars.length);
    expect(training.rmse).toBeLessThan(test.rmse);
    expect(test.rmse).toBeLessThan(1_000);
    expect(test.mae).toBeLessThan(test.rmse);
    expect(test.mape).toBeGreaterThan(0);
  });
});

describe('settings', () => {
  it('come from the environment', () => {
    expect(settingsOf({ POSTGRES_URL: 'postgresql://h/d', CAR_PRICE_SOURCE: 'connect' })).toMatchObject({
      postgresUrl: 'postgresql://h/d',
      source: 'connect',
      sink: 'own',
    });
    expect(() => settingsOf({ CAR_PRICE_SINK: 'kafka' })).toThrow('CAR_PRICE_SINK must be "own" or "connect", got "kafka"');
  });

  it('of the connectors carry the names of the original project', () => {
    expect([SOURCE_CONNECTOR, SINK_CONNECTOR]).toEqual(['source_pg_car_connector', 'sink_pg_car_connector']);
  });

  it('of the connectors name the database as Connect reaches it', () => {
    const database = databaseOf('postgresql://u%40x:p%2Fw@db:6000/cars');
    expect(database).toEqual({ host: 'db', port: 6000, database: 'cars', user: 'u@x', password: 'p/w' });
    expect(sourceConnector(database)).toMatchObject({ 'database.hostname': 'db', 'database.port': '6000', 'database.dbname': 'cars' });
    expect(sinkConnector(database)['connection.url']).toBe('jdbc:postgresql://db:6000/cars');
  });
});
