import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, StreamerError } from 'streamerjs';
import { type Car, PREDICTED, TABLE } from './car.ts';
import { loadPg } from './postgres/client.ts';

export interface CarOptions {
  readonly model: string;
  readonly brand: string;
  readonly year: string;
  readonly price?: string;
  readonly transmission: string;
  readonly mileage: string;
  readonly fuelType: string;
  readonly tax: string;
  readonly mpg: string;
  readonly engineSize: string;
  readonly wait: string;
}

export type PredictedCar = Car & { readonly suggested_price: number };

/**
 * Inserts a car and waits for the row that the system writes for it.
 *
 * @throws ConfigError when the database cannot be reached or refuses the car, StreamerError `TIMEOUT` when no price comes in time
 */
export async function insertedCar(url: string, options: CarOptions, signal: AbortSignal): Promise<PredictedCar> {
  const values = [
    options.brand,
    options.model,
    number('year', options.year),
    options.price === undefined ? null : number('price', options.price),
  ];
  const more = [options.transmission, number('mileage', options.mileage), options.fuelType, number('tax', options.tax)];
  const last = [number('mpg', options.mpg), number('engine-size', options.engineSize)];
  const waitMs = number('wait', options.wait) * 1_000;
  const { Client } = await loadPg();
  const client = new Client({ connectionString: url });
  try {
    await client.connect().catch((cause: Error) => Promise.reject(unreachable(cause)));
    const columns = 'brand, model, year, price, transmission, mileage, fuel_type, tax, mpg, engine_size';
    const inserted = await client
      .query<{ id: number }>(`insert into ${TABLE} (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id`, [
        ...values,
        ...more,
        ...last,
      ])
      .catch((cause: Error) => Promise.reject(new ConfigError(`the car was not inserted: ${cause.message}`, { cause })));
    const id = Number(inserted.rows[0]?.id);
    for (const deadline = Date.now() + waitMs; Date.now() < deadline && !signal.aborted; await delay(20)) {
      const row = await priceOf(client, id);
      if (row !== undefined) return row;
    }
    const until = signal.aborted ? 'yet' : `after ${options.wait} s`;
    throw new StreamerError('TIMEOUT', `car ${id} is inserted, and has no suggested price ${until}`, {
      next: 'Is the worker running? streamer dev -A car-price starts everything.',
    });
  } finally {
    await client.end().catch(() => {});
  }
}

type Client = InstanceType<Awaited<ReturnType<typeof loadPg>>['Client']>;

/** The table is made with the first car that is priced. */
async function priceOf(client: Client, id: number): Promise<PredictedCar | undefined> {
  const found = await client.query(`select to_regclass($1) is not null as there`, [PREDICTED]);
  if (found.rows[0]?.there !== true) return undefined;
  const { rows } = await client.query<PredictedCar & Record<string, unknown>>(`select * from ${PREDICTED} where id = $1`, [id]);
  const row = rows[0];
  return row === undefined
    ? undefined
    : (Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_'))) as unknown as PredictedCar);
}

function unreachable(cause: Error & { code?: string }): ConfigError {
  return new ConfigError(`the database of cars cannot be reached: ${cause.message || cause.code}`, {
    cause,
    next: 'Start it with streamer dev -A car-price, or name yours in POSTGRES_URL.',
  });
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new ConfigError(`--${name} must be a number, got ${JSON.stringify(text)}`);
  return value;
}
