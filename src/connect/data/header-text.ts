import { jsonText } from './json-text.ts';
import { jsonWriter } from './json-writer.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';

/**
 * A struct as Kafka Connect's `SimpleHeaderConverter` writes it into a header: JSON, but for Decimals, which are plain numbers, and
 * Connect's own dates and times, which are ISO 8601 without quotes.
 */
export function headerText(schema: ConnectSchema, value: ConnectValue): string {
  const values = value as readonly ConnectValue[];
  return `{${schema.fields!.map((field, index) => `${jsonText(field.name)}:${fieldText(field.schema, values[index]!)}`).join(',')}}`;
}

function fieldText(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null) return 'null';
  switch (schema.name) {
    case 'org.apache.kafka.connect.data.Decimal':
      return decimalText(value as Buffer, Number(schema.parameters?.scale ?? 0));
    case 'org.apache.kafka.connect.data.Date':
      return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
    case 'org.apache.kafka.connect.data.Time':
      return new Date(Number(value)).toISOString().slice(11);
    case 'org.apache.kafka.connect.data.Timestamp':
      return new Date(Number(value)).toISOString();
    default:
      return jsonWriter(schema)(value);
  }
}

function decimalText(bytes: Buffer, scale: number): string {
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
}
