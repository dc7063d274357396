import type { KafkaRecord } from '../../kafka/index.ts';
import { type Readable, type Serde, type SerdeContext, SerdeError } from '../../topics/index.ts';

export interface Decoded {
  readonly key: unknown;
  readonly value: unknown;
  readonly error?: unknown;
}

/**
 * Frames that the stack of an error has while bytes are decoded after a malformed record: the line that threw it. Malformed records come
 * by the thousand, and a whole stack takes longer to capture than a record to read.
 */
const FRAMES = 1;
/** So many records after a malformed one are decoded with such stacks: limiting them costs an eighth of a no-op event. */
const WARY_RECORDS = 1_000;

/** Decodes the records of one topic. */
export class RecordDecoder {
  readonly #serdes: Readable<unknown, unknown>['serdes'];
  readonly #key: SerdeContext;
  readonly #value: SerdeContext;
  #wary = 0;

  constructor(topic: string, { serdes }: Readable<unknown, unknown>) {
    this.#serdes = serdes;
    this.#key = { topic, part: 'key' };
    this.#value = { topic, part: 'value' };
  }

  /** Never throws: bytes that do not fit come back as an error. A promise only when a serde is asynchronous. */
  decode(record: KafkaRecord): Decoded | Promise<Decoded> {
    if (record.unreadable !== undefined) return failed(record.unreadable.error);
    if (this.#wary === 0) return this.#decode(record);
    this.#wary--;
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Math.min(FRAMES, stackTraceLimit);
    try {
      return this.#decode(record);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  #decode(record: KafkaRecord): Decoded | Promise<Decoded> {
    try {
      const key = decodeKey(this.#key, this.#serdes.key, record.key);
      const value = record.value === null ? null : this.#serdes.value.decode(record.value, this.#value);
      if (key instanceof Promise || value instanceof Promise) {
        return Promise.all([key, value]).then(([k, v]) => ({ key: k, value: v }), failed);
      }
      return { key, value };
    } catch (error) {
      this.#wary = WARY_RECORDS;
      return failed(error);
    }
  }
}

function decodeKey(context: SerdeContext, serde: Serde<never, unknown>, key: Buffer | null): unknown {
  if (key !== null) return serde.decode(key, context);
  if (serde.acceptsNull) return null;
  throw new SerdeError('DECODE', `key: the record has none, the topic's keys are ${serde.name}`, {
    topic: context.topic,
    next: `Send a key, or declare the topic with key: optional(${serde.name}()).`,
  });
}

function failed(error: unknown): Decoded {
  return { key: undefined, value: undefined, error: error ?? new Error('the serde threw nothing') };
}
