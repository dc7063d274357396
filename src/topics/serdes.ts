import { isUtf8 } from 'node:buffer';
import { preview } from '../options/index.ts';
import type { Serde, SerdeContext } from './serde.ts';
import { SerdeError, wrongType } from './serde-error.ts';

/** UTF-8 text, as Kafka's `StringSerializer` writes it. Bytes that are not UTF-8, and halves of surrogate pairs, are refused. */
export function string(): Serde<string> {
  return {
    name: 'string',
    encode(value, context) {
      if (typeof value !== 'string') throw wrongType('a string', value, context);
      if (!value.isWellFormed()) throw wrongType('a string that UTF-8 can hold (no half of a surrogate pair)', value, context);
      return Buffer.from(value, 'utf8');
    },
    decode(bytes, context) {
      return text(bytes, context);
    },
  };
}

/** Bytes as they are. Received bytes are a slice of the fetch response: copy those that you keep for long. */
export function bytes(): Serde<Uint8Array, Buffer> {
  return {
    name: 'bytes',
    encode(value, context) {
      if (!(value instanceof Uint8Array)) throw wrongType('bytes (Uint8Array or Buffer)', value, context);
      return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    },
    decode: (bytes) => bytes,
  };
}

/** Makes a key optional: records without key are received with `null`, and may be sent so. */
export function optional<In, Out>(serde: Serde<In, Out>): Serde<In | null, Out | null> {
  return {
    name: `optional ${serde.name}`,
    acceptsNull: true,
    encode: (value, context) => serde.encode(value as In, context),
    decode: (bytes, context) => serde.decode(bytes, context),
    ...(serde.prepare === undefined ? {} : { prepare: (context, use) => serde.prepare!(context, use) }),
    ...(serde.ready === undefined ? {} : { ready: (bytes, context) => serde.ready!(bytes, context) }),
    ...(serde.parsePlain === undefined ? {} : { parsePlain: (text) => serde.parsePlain!(text) }),
    ...(serde.toPlain === undefined ? {} : { toPlain: (value) => (value === null ? null : serde.toPlain!(value)) }),
    ...(serde.registered === undefined ? {} : { registered: (context) => serde.registered!(context) }),
  };
}

/** Strict UTF-8: what does not decode to the same bytes is an error, not a replacement character. */
export function text(bytes: Buffer, context: SerdeContext): string {
  if (!isUtf8(bytes)) {
    throw new SerdeError('DECODE', `${context.part}: not valid UTF-8: ${preview(bytes)}`, { topic: context.topic });
  }
  return bytes.toString('utf8');
}
