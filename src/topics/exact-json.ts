import { parseJson, writeValue } from './json.ts';
import { parseExactly } from './json-text/parse.ts';
import type { Serde } from './serde.ts';

/**
 * JSON in UTF-8, without a schema, in which no number is rounded: whole numbers beyond 2^53 are `bigint`, other numbers that a
 * `number` cannot hold are `ExactNumber`. A `bigint` or `numeric` column of a database comes out as it went in.
 */
export function exactJson(): Serde<unknown> {
  return {
    name: 'exact json',
    encode: (value, context) => Buffer.from(writeValue(value, context, { bigints: true }), 'utf8'),
    decode: (bytes, context) => parseJson(bytes, context, parseExactly),
    parsePlain: parseExactly,
    toPlain: (value) => value,
  };
}
