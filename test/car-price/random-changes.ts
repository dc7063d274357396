import pg from 'pg';
import { TABLE } from '../../examples/car-price/car.ts';
import type { CarRow } from '../../examples/car-price/cars.ts';
import { Random } from '../faults/random.ts';

const COLUMNS = ['brand', 'model', 'year', 'price', 'transmission', 'mileage', 'fuel_type', 'tax', 'mpg', 'engine_size'] as const;

/** Transactions of one to four statements that insert, change, renumber and delete cars; the server may go away at any time. */
export class RandomChanges {
  readonly #url: string;
  readonly #cars: readonly CarRow[];
  readonly #random: Random;
  #client: pg.Client | undefined;
  #next = 1;
  #ids: number[] = [];

  constructor(url: string, cars: readonly CarRow[], seed: number) {
    this.#url = url;
    this.#cars = cars;
    this.#random = new Random(seed);
  }

  /** One transaction, as often as it takes. One whose outcome is unknown counts as committed when its note is there. */
  async transact(number: number): Promise<void> {
    const statements = this.#statements();
    for (;;) {
      try {
        const client = await this.#connected();
        const { rows } = await client.query('select from notes where number = $1', [number]);
        if (rows.length > 0) return;
        await client.query('begin');
        for (const [text, values] of statements) await client.query(text, [...values]);
        await client.query('insert into notes values ($1)', [number]);
        await client.query('commit');
        return;
      } catch {
        await this.close();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  #statements(): Array<readonly [string, readonly unknown[]]> {
    return Array.from({ length: 1 + this.#random.int(0, 3) }, () => this.#statement());
  }

  #statement(): readonly [string, readonly unknown[]] {
    const choice = this.#ids.length < 5 ? 0 : this.#random.int(0, 9);
    if (choice < 5) return this.#insert();
    const at = this.#random.int(0, this.#ids.length - 1);
    const id = this.#ids[at] as number;
    if (choice < 8) return [`update ${TABLE} set mileage = $2 where id = $1`, [id, this.#random.int(0, 100_000)]];
    this.#ids.splice(at, 1);
    if (choice === 8) return [`delete from ${TABLE} where id = $1`, [id]];
    const moved = this.#next++;
    this.#ids.push(moved);
    return [`update ${TABLE} set id = $2 where id = $1`, [id, moved]];
  }

  #insert(): readonly [string, readonly unknown[]] {
    const id = this.#next++;
    this.#ids.push(id);
    const car = this.#cars[id % this.#cars.length] as CarRow;
    const places = COLUMNS.map((_, at) => `$${at + 2}`).join(', ');
    return [`insert into ${TABLE} (id, ${COLUMNS.join(', ')}) values ($1, ${places})`, [id, ...COLUMNS.map((name) => car[name])]];
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    await client.connect();
    await client.query('create table if not exists notes (number integer primary key)');
    this.#client = client;
    return client;
  }
}
