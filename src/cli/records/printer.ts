import { isUtf8 } from 'node:buffer';
import { describeError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { Serde } from '../../topics/index.ts';
import type { Session } from '../session.ts';

export type RecordPrinter = (partition: TopicPartition, record: KafkaRecord) => Promise<void>;

/** Prints records: decoded where the session's app declares the topic, else as text. */
export function recordPrinter({ app, output }: Session): RecordPrinter {
  return async ({ topic, partition }, record) => {
    const serdes = app?.topics.get(topic)?.serdes;
    const key = await decoded(record.key, serdes?.key as Serde<never, unknown> | undefined, topic, 'key');
    const value = await decoded(record.value, serdes?.value as Serde<never, unknown> | undefined, topic, 'value');
    const { offset, timestamp } = record;
    output.data({ topic, partition, offset, timestamp, key, value, headers: headersOf(record) });
    output.line(`${topic}[${partition}]@${offset}  ${shown(key)}  ${shown(value)}`);
  };
}

async function decoded(
  bytes: Buffer | null,
  serde: Serde<never, unknown> | undefined,
  topic: string,
  part: 'key' | 'value',
): Promise<unknown> {
  if (bytes === null) return null;
  if (serde === undefined) return textOf(bytes);
  try {
    return printable(await serde.decode(bytes, { topic, part }));
  } catch (error) {
    return { error: describeError(error) };
  }
}

/** JSON has no whole numbers of 64 bits, and no bytes. */
function printable(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return textOf(value);
  if (Array.isArray(value)) return value.map(printable);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, printable(part)]));
}

function headersOf(record: KafkaRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? textOf(value) : value.map((each) => textOf(each)),
    ]),
  );
}

/** Text where the bytes are UTF-8, else base64. */
export function textOf(bytes: Buffer): string | { readonly base64: string } {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
