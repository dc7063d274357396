import { checkOptions, oneOf } from '../../options/index.ts';
import type { Serde } from '../serde.ts';
import { unreadable, unwritable } from './faults.ts';
import { parsePlain, toPlain } from './plain-form.ts';
import type { AvroSchema } from './schema.ts';
import { compile, type LongKind } from './types.ts';
import type { AvroInput, AvroOutput } from './value.ts';

export type LongOf<L extends LongKind> = L extends 'bigint' ? bigint : number;

export interface AvroOptions<L extends LongKind = LongKind> {
  /** @default 'number' */
  readonly long?: L | undefined;
}

/**
 * Bare Avro: no header, so that readers have to have the very schema of the writer; see `avro.confluent` for schemas that
 * change. The type of the values is inferred from the schema, which has to be a literal for that.
 *
 * A field with a default is optional for those who write. A union is the plain value where JavaScript can tell its branches
 * apart, else `{ 'branch.Name': value }`. `date` and `timestamp-millis` are a `Date`, `timestamp-micros` a bigint,
 * `decimal` digits as text, `uuid` text; other logical types are what they are made of.
 *
 * @throws ConfigError at once when the schema is not valid
 */
export function avroSerde<const S extends AvroSchema, L extends LongKind = 'number'>(
  schema: S,
  options: AvroOptions<L> = {},
): Serde<AvroInput<S, LongOf<L>>, AvroOutput<S, LongOf<L>>> {
  checkOptions<AvroOptions>('avro', options, { long: oneOf(['number', 'bigint']) });
  const { long = 'number' } = options;
  const type = compile(schema, long);
  return {
    name: 'avro',
    encode(value, context) {
      try {
        return type.toBuffer(value);
      } catch (cause) {
        throw unwritable(type, value, cause, context);
      }
    },
    decode(bytes, context) {
      try {
        return type.fromBuffer(bytes) as AvroOutput<S, LongOf<L>>;
      } catch (cause) {
        throw unreadable(type, bytes, 0, cause, context);
      }
    },
    parsePlain: (text) => parsePlain(type, text),
    toPlain: (value) => toPlain(type, value),
  };
}
