import type { Serde } from './serde.ts';
import { SerdeError, wrongType } from './serde-error.ts';
import { text } from './serdes.ts';

const FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** 8-4-4-4-12 hexadecimal digits, of any version. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && FORM.test(value);
}

/** A UUID as 36 characters of text, as Kafka's `UUIDSerializer` writes it: always in lower case. */
export function uuid(): Serde<string> {
  return {
    name: 'uuid',
    encode(value, context) {
      if (!isUuid(value)) throw wrongType('a UUID (8-4-4-4-12 hexadecimal digits)', value, context);
      return Buffer.from(value.toLowerCase(), 'latin1');
    },
    decode(bytes, context) {
      const value = text(bytes, context);
      if (FORM.test(value)) return value;
      const { topic, part } = context;
      throw new SerdeError(
        'DECODE',
        `${part}: expected a UUID (8-4-4-4-12 hexadecimal digits), got ${JSON.stringify(value.slice(0, 80))}`,
        {
          topic,
        },
      );
    },
  };
}
