import * as v from 'valibot';
import { asItCame } from '../shared/as-it-came.ts';

/** A car as table `tbl_car_price` holds it. Every column but the id may be null in the table; a model needs most of them. */
export interface Car {
  readonly id: number;
  readonly brand: string | null;
  readonly model: string;
  readonly year: number | null;
  /** What the seller asks, in pounds. */
  readonly price: number | null;
  readonly transmission: string | null;
  readonly mileage: number | null;
  readonly fuel_type: string | null;
  /** Road tax a year, in pounds. */
  readonly tax: number | null;
  /** Miles per gallon. */
  readonly mpg: number | null;
  /** In litres. */
  readonly engine_size: number | null;
}

export const TABLE = 'tbl_car_price';
export const PREDICTED = 'car_data_predicted';

/** What the model service is asked about a car, by the names that it has in the data. */
export interface Question {
  readonly model: string;
  readonly year: number | null;
  readonly transmission: string | null;
  readonly mileage: number | null;
  readonly fuelType: string | null;
  readonly tax: number | null;
  readonly mpg: number | null;
  readonly engineSize: number | null;
}

export function questionOf(car: Omit<Car, 'id' | 'brand' | 'price'>): Question {
  const { model, year, transmission, mileage, fuel_type: fuelType, tax, mpg, engine_size: engineSize } = car;
  return { model, year, transmission, mileage, fuelType, tax, mpg, engineSize };
}

const Row = v.looseObject({ id: v.pipe(v.number(), v.finite()), model: v.string() });
const Envelope = v.looseObject({ op: v.string(), after: v.nullable(Row) });
const Payload = v.union([Envelope, Row]);
const Schemed = v.looseObject({ schema: v.unknown(), payload: v.nullable(Payload) });
const AnyForm = v.nullable(v.union([Schemed, Payload]));

/**
 * A change of a car, as Debezium and `postgresChanges` write it: whole or unwrapped to the row, with its schema or without. What is
 * none of these goes to the dead-letter topic.
 */
export const Change = asItCame(AnyForm);
export type Change = v.InferOutput<typeof AnyForm>;
