import { readCsv } from 'streamerjs/connect';
import type { Car } from './car.ts';

/** A car that is not in the table yet. */
export type CarRow = Omit<Car, 'id'>;

export const COLUMNS = ['model', 'year', 'price', 'transmission', 'mileage', 'fuelType', 'tax', 'mpg', 'engineSize'] as const;

export interface CarFile {
  readonly cars: readonly CarRow[];
  /** Lines that are no cars. */
  readonly rejected: ReadonlyArray<{ readonly line: number; readonly reason: string }>;
}

/** Reads a CSV file of used cars, as the public Ford listing has it. @throws StreamerError when it cannot be read or lacks a column */
export async function carsOf(file: string): Promise<CarFile> {
  const cars: CarRow[] = [];
  const rejected: Array<{ line: number; reason: string }> = [];
  for await (const result of readCsv(file, { columns: COLUMNS })) {
    const car = 'error' in result ? result.error : carOfRow(result.row);
    if (car instanceof Error) rejected.push({ line: result.line, reason: car.message });
    else cars.push(car);
  }
  return { cars, rejected };
}

function carOfRow(row: Readonly<Record<string, string>>): CarRow | Error {
  const numbers = { year: row.year, price: row.price, mileage: row.mileage, tax: row.tax, mpg: row.mpg, engineSize: row.engineSize };
  const values: Record<string, number> = {};
  for (const [name, text] of Object.entries(numbers)) {
    const value = Number(text);
    if (text === undefined || text.trim() === '' || !Number.isFinite(value))
      return new Error(`${name} must be a number, got ${JSON.stringify(text)}`);
    values[name] = value;
  }
  const model = row.model?.trim() ?? '';
  if (model === '') return new Error('model is missing');
  const { year, price, mileage, tax, mpg, engineSize } = values as Record<keyof typeof numbers, number>;
  const texts = { transmission: row.transmission?.trim() ?? null, fuel_type: row.fuelType?.trim() ?? null };
  return { brand: 'ford', model, year, price, mileage, tax, mpg, engine_size: engineSize, ...texts };
}
