import type { KafkaProducer } from '../../kafka/index.ts';
import {
  type AnyTopic,
  headersOf,
  KeylessSpread,
  type Message,
  partitionOf,
  type SendResult,
  type Serde,
  type Topic,
} from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';

/** A record as it is typed: text. `value` null is a tombstone. */
export interface TypedRecord {
  readonly key: string | undefined;
  readonly value: string | null;
  readonly headers: Record<string, string[]>;
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
}

/** Sends records in order; resolves to where they went, by position. */
export type Sender = (records: readonly TypedRecord[]) => Promise<SendResult[]>;

/** Bytes as they are. */
export function rawSender(producer: KafkaProducer, topic: string, partitions: number): Sender {
  const spread = new KeylessSpread();
  return async (records) => {
    const outputs = records.map(({ key: text, value, headers, partition, timestamp }) => {
      const key = text === undefined ? null : Buffer.from(text, 'utf8');
      const chosen = partition ?? (key === null ? spread.next(partitions) : partitionOf(key, partitions));
      if (chosen >= partitions) throw new CommandError(2, `--partition ${chosen}: topic "${topic}" has ${partitions}`);
      return {
        topic,
        partition: chosen,
        key,
        value: value === null ? null : Buffer.from(value, 'utf8'),
        headers: headersOf(headers),
        timestamp,
      };
    });
    const offsets = await producer.send(outputs);
    return outputs.map(({ partition }, index) => ({ topic, partition, offset: offsets[index] ?? -1 }));
  };
}

/** Through the serdes of an app's topic. */
export function declaredSender(declared: AnyTopic): Sender {
  const topic = declared as unknown as Topic<unknown, unknown, unknown, unknown>;
  const { key, value } = topic.serdes;
  return async (records) =>
    Promise.all(
      records.map((record) => {
        const { headers, partition, timestamp } = record;
        const frame = {
          headers,
          partition,
          timestamp,
          ...(record.key === undefined ? {} : { key: fromText(record.key, key, 'key') }),
        };
        if (record.value === null) return topic.tombstone(frame);
        return topic.send({ ...frame, value: fromText(record.value, value, 'value') } as Message<unknown, unknown>);
      }),
    );
}

/** What was typed, as the serde wants it: text for text and bytes, JSON for the rest. */
function fromText(text: string, serde: Serde<never, unknown>, part: string): unknown {
  const name = serde.name.replace(/^optional /, '');
  if (name === 'string') return text;
  if (name === 'bytes') return Buffer.from(text, 'utf8');
  try {
    return serde.parsePlain === undefined ? (JSON.parse(text) as unknown) : serde.parsePlain(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(1, `${part}: the topic wants ${name}, and this is not JSON: ${text.slice(0, 80)} (${reason})`, { cause });
  }
}
