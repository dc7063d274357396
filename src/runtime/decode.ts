import type { KafkaRecord } from '../kafka/index.ts';
import { type Readable, type Serde, SerdeError } from '../topics/index.ts';

export interface Decoded {
  readonly key: unknown;
  readonly value: unknown;
  readonly error?: unknown;
}

/** Never throws: bytes that do not fit come back as an error. A promise only when a serde is asynchronous. */
export function decodeRecord(topic: string, readable: Readable<unknown, unknown>, record: KafkaRecord): Decoded | Promise<Decoded> {
  try {
    const key = decodeKey(topic, readable.serdes.key, record.key);
    const value = record.value === null ? null : readable.serdes.value.decode(record.value, { topic, part: 'value' });
    if (key instanceof Promise || value instanceof Promise) {
      return Promise.all([key, value]).then(([k, v]) => ({ key: k, value: v }), failed);
    }
    return { key, value };
  } catch (error) {
    return failed(error);
  }
}

function decodeKey(topic: string, serde: Serde<never, unknown>, key: Buffer | null): unknown {
  if (key !== null) return serde.decode(key, { topic, part: 'key' });
  if (serde.acceptsNull) return null;
  throw new SerdeError('DECODE', `key: the record has none, the topic's keys are ${serde.name}`, {
    topic,
    next: `Send a key, or declare the topic with key: optional(${serde.name}()).`,
  });
}

function failed(error: unknown): Decoded {
  return { key: undefined, value: undefined, error: error ?? new Error('the serde threw nothing') };
}
