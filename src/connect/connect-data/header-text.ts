import { javaDouble, javaFloat } from './java-number.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';

/**
 * A struct as Kafka Connect's `SimpleHeaderConverter` writes it into a header: almost JSON, but that only quotes and backslashes are
 * escaped, that Decimals, NaN and the infinities are plain, and that Connect's own dates and times are ISO 8601 without quotes.
 */
export function headerText(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null || value === undefined) return 'null';
  switch (schema.name) {
    case 'org.apache.kafka.connect.data.Decimal':
      return decimalText(value as Buffer, Number(schema.parameters?.scale ?? 0));
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
      return quoted(value as string);
    case 'bytes':
      return quoted((value as Buffer).toString('base64'));
    case 'double':
      return javaDouble(value as number).replaceAll('"', '');
    case 'float':
      return javaFloat(value as number).replaceAll('"', '');
    case 'array':
      return `[${(value as readonly ConnectValue[]).map((each) => headerText(schema.items!, each)).join(',')}]`;
    case 'map':
      return `{${[...(value as ReadonlyMap<string, ConnectValue>)].map(([key, each]) => `${quoted(key)}:${headerText(schema.values!, each)}`).join(',')}}`;
    case 'struct':
      return `{${schema.fields!.map((field, at) => `${quoted(field.name)}:${headerText(field.schema, (value as readonly ConnectValue[])[at]!)}`).join(',')}}`;
    default:
      return String(value);
  }
}

const DAY_MS = 86_400_000;

/** Connect sees in the number alone whether it is a time, a date or both. */
function dateText(millis: number): string {
  const text = new Date(millis).toISOString();
  if (millis < DAY_MS) return text.slice(text.indexOf('T') + 1);
  return millis % DAY_MS === 0 ? text.slice(0, text.indexOf('T')) : text;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** As Java's `BigDecimal.toString`: with an exponent where six zeros or more would follow the point. */
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
