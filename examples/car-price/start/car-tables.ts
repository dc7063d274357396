import { type Car, PREDICTED, questionOf, TABLE } from '../car.ts';
import type { CarRow } from '../cars.ts';
import { priceModel } from '../model/price-model.ts';
import { loadPg } from '../postgres/client.ts';

type Pool = InstanceType<Awaited<ReturnType<typeof loadPg>>['Pool']>;

/** How the table of prices stands to the table of cars. */
export interface Comparison {
  readonly cars: number;
  /** Cars with a price. */
  readonly priced: number;
  /** Cars without one. */
  readonly missing: number;
  /** Prices of cars that were changed since. */
  readonly different: number;
  /** Prices of cars that are gone. */
  readonly left: number;
  /** Second prices of a car. */
  readonly doubled: number;
}

const COLUMNS = ['brand', 'model', 'year', 'price', 'transmission', 'mileage', 'fuel_type', 'tax', 'mpg', 'engine_size'] as const;
const list = (of: string) => COLUMNS.map((name) => `${of}.${name}`).join(', ');

const COMPARE = `select
  (select count(*)::integer from ${TABLE}) as cars,
  count(*) filter (where t.id is not null and p.suggested_price is not null)::integer as priced,
  count(*) filter (where t.id is not null and p.suggested_price is null)::integer as missing,
  count(*) filter (where t.id is not null and p.id is not null and (${list('t')}) is distinct from (${list('p')}))::integer as different,
  count(*) filter (where t.id is null)::integer as left,
  (select count(*) - count(distinct id) from ${PREDICTED})::integer as doubled
from ${TABLE} t full join ${PREDICTED} p on p.id = t.id`;

const LATENCY = `select percentile_disc(array[0.5, 0.99]) within group (order by ms) as ms from (
  select extract(epoch from pg_xact_commit_timestamp(p.xmin) - pg_xact_commit_timestamp(t.xmin)) * 1000 as ms
  from ${TABLE} t join ${PREDICTED} p on p.id = t.id) as each`;

/** The two tables, as somebody sees them who only knows the database. */
export class CarTables {
  readonly #pool: Pool;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  static async open(url: string): Promise<CarTables> {
    const { Pool } = await loadPg();
    const pool = new Pool({ connectionString: url, max: 3 });
    pool.on('error', () => {});
    return new CarTables(pool);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** In one transaction. @returns their ids */
  async insert(cars: readonly CarRow[]): Promise<number[]> {
    const values = cars.map((_, at) => `(${COLUMNS.map((_name, column) => `$${at * COLUMNS.length + column + 1}`).join(', ')})`);
    const text = `insert into ${TABLE} (${COLUMNS.join(', ')}) values ${values.join(', ')} returning id`;
    const { rows } = await this.#pool.query<{ id: number }>(
      text,
      cars.flatMap((car) => COLUMNS.map((name) => car[name])),
    );
    return rows.map(({ id }) => id);
  }

  async drive(id: number, miles: number): Promise<void> {
    await this.#pool.query(`update ${TABLE} set mileage = mileage + $2 where id = $1`, [id, miles]);
  }

  async remove(id: number): Promise<void> {
    await this.#pool.query(`delete from ${TABLE} where id = $1`, [id]);
  }

  async compare(): Promise<Comparison> {
    if (!(await this.#hasPrices())) {
      const { rows } = await this.#pool.query<{ cars: number }>(`select count(*)::integer as cars from ${TABLE}`);
      const cars = rows[0]?.cars ?? 0;
      return { cars, priced: 0, missing: cars, different: 0, left: 0, doubled: 0 };
    }
    return (await this.#pool.query<Comparison & Record<string, number>>(COMPARE)).rows[0] as Comparison;
  }

  /** Rows whose price is not what the model file says, scored here, without server, topics or agents. */
  async wrongPrices(weights: string): Promise<number> {
    if (!(await this.#hasPrices())) return 0;
    const text = `select t.*, p.suggested_price from ${TABLE} t join ${PREDICTED} p on p.id = t.id where p.suggested_price is not null`;
    const { rows } = await this.#pool.query<Car & { suggested_price: number }>(text);
    if (rows.length === 0) return 0;
    const model = priceModel(weights);
    await model.start?.();
    const prices = await model.predict(rows.map(questionOf));
    await model.close?.();
    return rows.filter(({ suggested_price: suggested }, at) => suggested !== Math.round(prices[at] as number)).length;
  }

  /** The table of prices, by id. */
  async prices(): Promise<Array<Car & { readonly suggested_price: number }>> {
    const text = `select id, ${COLUMNS.join(', ')}, suggested_price from ${PREDICTED} order by id`;
    return (await this.#pool.query<Car & { suggested_price: number }>(text)).rows;
  }

  /** From when a car's last change was committed to when its price was, by the server's own clock. */
  async latency(): Promise<{ p50Ms: number | null; p99Ms: number | null }> {
    const rows = (await this.#hasPrices()) ? (await this.#pool.query<{ ms: string[] | null }>(LATENCY)).rows : [];
    const [p50, p99] = rows[0]?.ms ?? [];
    const rounded = (ms: string | undefined) => (ms === undefined ? null : Math.round(Number(ms) * 10) / 10);
    return { p50Ms: rounded(p50), p99Ms: rounded(p99) };
  }

  async #hasPrices(): Promise<boolean> {
    const text = "select from pg_attribute where attrelid = to_regclass($1) and attname = 'suggested_price'";
    return (await this.#pool.query(text, [PREDICTED])).rows.length > 0;
  }
}
