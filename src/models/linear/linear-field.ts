import { ConfigError } from '../../errors.ts';
import { type AnyRecord, isRecord } from '../record.ts';

/** One field's part of the sum. */
export type LinearField =
  | {
      readonly field: string;
      readonly kind: 'number';
      readonly mean: number;
      readonly deviation: number;
      readonly log: boolean;
      readonly coefficient: number;
    }
  | { readonly field: string; readonly kind: 'category'; readonly coefficients: ReadonlyMap<string, number> };

/** The members of a number's field as the file has them. */
interface NumberJson {
  readonly mean: unknown;
  readonly deviation: unknown;
  readonly log: unknown;
  readonly coefficient: unknown;
}

/** @throws ConfigError when a member is not a number, the deviation not above 0, or `log` neither true nor false */
export function numberField(field: string, json: NumberJson): LinearField {
  const deviation = numberOf(json.deviation, field);
  if (!(deviation > 0)) throw damaged(`${field} has a deviation of ${deviation}`);
  if (typeof json.log !== 'boolean') throw damaged(`${field} must have log true or false`);
  const mean = numberOf(json.mean, field);
  return { field, kind: 'number', mean, deviation, log: json.log, coefficient: numberOf(json.coefficient, field) };
}

/** @throws ConfigError when a coefficient is not a number */
export function categoryField(field: string, coefficients: ReadonlyArray<readonly [name: string, coefficient: unknown]>): LinearField {
  return { field, kind: 'category', coefficients: new Map(coefficients.map(([name, value]) => [name, numberOf(value, field)])) };
}

/** @throws ConfigError when the value is not an object */
export function objectOf(value: unknown, what: string): AnyRecord {
  if (!isRecord(value)) throw damaged(`${what} must be an object`);
  return value;
}

/** @throws ConfigError when the value is not a finite number */
export function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw damaged(`${what} has ${JSON.stringify(value)} for a number`);
  return value;
}

function damaged(what: string): ConfigError {
  return new ConfigError(`the linear model is damaged: ${what}`);
}
