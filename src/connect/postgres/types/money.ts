import { schemaOf } from '../../connect-data/schema.ts';
import { type Decimal, parseDecimal, plainDecimal, precise } from './decimal.ts';
import type { FieldType, TypeOptions } from './field-type.ts';

const DIGITS = 2;

/** `$1,234.50` and `-$1.00`, as the server writes it under `lc_monetary` C. */
function parseMoney(text: string): Decimal {
  const isNegative = text.startsWith('-') || text.startsWith('(');
  const digits = text.replace(/[^0-9.]/g, '');
  return parseDecimal(isNegative ? `-${digits}` : digits);
}

export function money(mode: TypeOptions['decimals']): FieldType {
  if (mode === 'double') {
    return { schema: schemaOf('double'), convert: (text) => Number(plainDecimal(parseMoney(text))), zero: 0, unchanged: 0 };
  }
  if (mode === 'string') {
    return { schema: schemaOf('string'), convert: (text) => plainDecimal(parseMoney(text)), zero: '0.00', unchanged: '0.00' };
  }
  const type = precise(DIGITS, { scale: String(DIGITS) });
  return { ...type, convert: (text) => type.convert(plainDecimal(parseMoney(text))) };
}
