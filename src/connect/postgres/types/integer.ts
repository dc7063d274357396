import { type ConnectType, schemaOf } from '../../connect-data/schema.ts';
import type { FieldType } from './field-type.ts';

/** Returns a whole number, as a bigint beyond 2^53. */
export function exactInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

export function narrow(value: bigint): number | bigint {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value;
}

export function integer(type: ConnectType): FieldType {
  return { schema: schemaOf(type), convert: exactInteger, zero: 0, unchanged: 0 };
}

export function floating(type: 'float' | 'double'): FieldType {
  return { schema: schemaOf(type), convert: (text) => Number(text), zero: 0, unchanged: 0 };
}

export const boolean: FieldType = { schema: schemaOf('boolean'), convert: (text) => text === 't', zero: false, unchanged: false };
