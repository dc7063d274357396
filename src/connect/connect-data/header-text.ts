import { javaDouble, javaFloat } from './java-number.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';
import { bytesOf, entriesOf, fieldsOf, itemsOf, listOf, mapValuesOf, numberOf, textOf } from './value.ts';

/**
 * Returns a value as Kafka Connect's `SimpleHeaderConverter` writes it into a header. It is almost JSON: only quotes and
 * backslashes are escaped; Decimals, NaN and the infinities are plain; Connect's own dates and times are ISO 8601 without quotes.
 */
export function headerText(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null || value === undefined) return 'null';
  switch (schema.name) {
    case 'org.apache.kafka.connect.data.Decimal':
      return decimalText(bytesOf(value), Number(schema.parameters?.scale ?? 0));
    case 'org.apache.kafka.connect.data.Date':
      return dateText(Number(value) * DAY_MS);
    case 'org.apache.kafka.connect.data.Time':
    case 'org.apache.kafka.connect.data.Timestamp':
      return dateText(Number(value));
    default:
      return plainText(schema, value);
  }
}

function plainText(schema: ConnectSchema, value: ConnectValue): string {
  switch (schema.type) {
    case 'string':
      return quoted(textOf(value));
    case 'bytes':
      return quoted(bytesOf(value).toString('base64'));
    case 'double':
      return javaDouble(numberOf(value)).replaceAll('"', '');
    case 'float':
      return javaFloat(numberOf(value)).replaceAll('"', '');
    case 'array':
      return `[${listText(itemsOf(schema), value)}]`;
    case 'map':
      return `{${mapText(mapValuesOf(schema), value)}}`;
    case 'struct':
      return `{${structText(schema, value)}}`;
    default:
      return String(value);
  }
}

function listText(items: ConnectSchema, value: ConnectValue): string {
  return listOf(value)
    .map((each) => headerText(items, each))
    .join(',');
}

function mapText(values: ConnectSchema, value: ConnectValue): string {
  return Array.from(entriesOf(value), ([key, each]) => `${quoted(key)}:${headerText(values, each)}`).join(',');
}

function structText(schema: ConnectSchema, value: ConnectValue): string {
  const values = listOf(value);
  return fieldsOf(schema)
    .map((field, at) => `${quoted(field.name)}:${headerText(field.schema, values[at] ?? null)}`)
    .join(',');
}

const DAY_MS = 86_400_000;

/** Connect decides by the number alone whether it is a time, a date or both. */
function dateText(millis: number): string {
  const text = new Date(millis).toISOString();
  if (millis < DAY_MS) return text.slice(text.indexOf('T') + 1);
  return millis % DAY_MS === 0 ? text.slice(0, text.indexOf('T')) : text;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** As Java's `BigDecimal.toString`: with an exponent where six or more zeros would follow the point. */
function decimalText(bytes: Buffer, scale: number): string {
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  const exponent = digits.length - 1 - scale;
  if (exponent < -6) return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}E${exponent}`;
  const padded = digits.padStart(scale + 1, '0');
  const point = padded.length - scale;
  return `${sign}${padded.slice(0, point)}${scale === 0 ? '' : `.${padded.slice(point)}`}`;
}
