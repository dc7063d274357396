import { z } from 'zod';

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

const Row = z.looseObject({ id: z.number(), model: z.string() });
const Envelope = z.looseObject({ op: z.string(), after: Row.nullable() });
const Payload = z.union([Envelope, Row]);
const Schemed = z.looseObject({ schema: z.unknown(), payload: Payload.nullable() });

/**
 * A change of a car, as Debezium and `postgresChanges` write it: whole or unwrapped to the row, with its schema or without. What is
 * none of these goes to the dead-letter topic.
 */
export const Change = z.union([Schemed, Payload]).nullable();
export type Change = z.infer<typeof Change>;
