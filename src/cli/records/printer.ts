import { describeError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import { plainOf, type Serde, textOf } from '../../topics/index.ts';
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
    const value = await serde.decode(bytes, { topic, part });
    return serde.toPlain === undefined ? plainOf(value) : serde.toPlain(value);
  } catch (error) {
    return { error: describeError(error) };
  }
}

function headersOf(record: KafkaRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? textOf(value) : value.map((each) => textOf(each)),
    ]),
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
