import { logical, schemaOf } from '../../connect-data/schema.ts';
import { type FieldType, PLACEHOLDER } from './field-type.ts';

export const text: FieldType = { schema: schemaOf('string'), convert: (value) => value, zero: '', unchanged: PLACEHOLDER };

/** Text under a logical name, as `io.debezium.data.Json`. */
export function namedText(name: string, zero = ''): FieldType {
  return { schema: logical('string', name), convert: (value) => value, zero, unchanged: PLACEHOLDER };
}

export function enumeration(labels: readonly string[]): FieldType {
  return { ...text, schema: logical('string', 'io.debezium.data.Enum', { parameters: { allowed: labels.join(',') } }) };
}
