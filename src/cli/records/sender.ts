import { messageOf } from '../../errors.ts';
import type { KafkaProducer } from '../../kafka/index.ts';
import { type AnyTopic, headersOf, KeylessSpread, partitionOf, type SendResult, type Topic } from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';
import { fromText } from './typed.ts';

/** A record as it is typed. A `value` of null is a tombstone. */
export interface TypedRecord {
  readonly key: string | undefined;
  readonly value: string | null;
  readonly headers: Record<string, string[]>;
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
}

/** Sends records in order. Resolves to their offsets, by position. */
export type Sender = (records: readonly TypedRecord[]) => Promise<SendResult[]>;

/** Returns a sender of bytes as they are. */
export function rawSender(producer: KafkaProducer, topic: string, partitions: number): Sender {
  const spread = new KeylessSpread();
  return async (records) => {
    const outputs = records.map(({ key: text, value, headers, partition, timestamp }) => {
      const key = text === undefined ? null : Buffer.from(text, 'utf8');
      const chosen = partition ?? (key === null ? spread.next(partitions) : partitionOf(key, partitions));
      if (chosen >= partitions) throw new CommandError(2, `--partition ${chosen}: topic "${topic}" has ${partitions} partitions`);
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

/** Returns a sender through the serdes of an app's topic. */
export function declaredSender(declared: AnyTopic): Sender {
  const topic = untyped(declared);
  const { key, value } = topic.serdes;
  return async (records) =>
    Promise.all(
      records.map(async (record) => {
        const { headers, partition, timestamp } = record;
        const frame = { headers, partition, timestamp, key: record.key === undefined ? undefined : fromText(record.key, key, 'key') };
        const sent =
          record.value === null ? topic.tombstone(frame) : topic.send({ ...frame, value: fromText(record.value, value, 'value') });
        return sent.catch((error: unknown) => {
          throw record.key === undefined && /^key: /.test(messageOf(error)) ? withoutKey(error) : error;
        });
      }),
    );
}

/** A topic of an app whose types are not known here: its serdes check what is sent. */
function untyped(topic: AnyTopic): Topic<unknown, unknown, unknown, unknown> {
  return topic as Topic<unknown, unknown, unknown, unknown>;
}

function withoutKey(cause: unknown): CommandError {
  return new CommandError(1, messageOf(cause), { cause, next: 'Give the record a key: -k KEY.' });
}
