import { describeError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import { printable } from '../../observe/index.ts';
import { type AnyTopic, textOf } from '../../topics/index.ts';
import type { Session } from '../session.ts';
import { decodedBy } from './decoded.ts';
import { jsonLine } from './json-line.ts';
import { nameOf } from './partition-name.ts';

/** Prints a record. Resolves to false for one that was not wanted. */
export type RecordPrinter = (partition: TopicPartition, record: KafkaRecord) => Promise<boolean>;

/** What a line may show beside key and value. */
export const SHOWN = ['partition', 'time', 'headers'] as const;
export type Shown = (typeof SHOWN)[number];

export interface PrintOptions {
  readonly show: readonly Shown[];
  /** Print the records with this key alone. */
  readonly key: string | undefined;
  /** Records of this time and later are left out. */
  readonly stopAtMs: number | undefined;
}

/** Returns a printer that decodes as the session's app declares the topic; key and value are text where it does not. */
export function recordPrinter(
  { app, output }: Session,
  { show, key: wantedKey, stopAtMs = Number.POSITIVE_INFINITY }: PrintOptions,
): RecordPrinter {
  return async (where, record) => {
    const { topic, partition } = where;
    const { offset, timestamp } = record;
    if (timestamp >= stopAtMs) return false;
    const declared = app?.topics.get(topic);
    const key = await decoded(record.key, declared, topic, 'key');
    if (wantedKey !== undefined && (key === null || shown(key) !== wantedKey)) return false;
    const { unreadable } = record;
    const value =
      unreadable === undefined ? await decoded(record.value, declared, topic, 'value') : { error: describeError(unreadable.error) };
    const headers = headersOf(record);
    if (output.json) output.dataText(jsonLine({ topic, partition, offset, timestamp, key, value, headers }));
    const parts: Readonly<Record<Shown, string>> = {
      partition: `${nameOf(where)}@${offset}`,
      time: new Date(timestamp).toISOString(),
      headers: JSON.stringify(headers),
    };
    const line = [...SHOWN.filter((part) => show.includes(part)).map((part) => parts[part]), shown(key), shown(value)];
    output.line(line.map(printable).join('  '));
    return true;
  };
}

async function decoded(bytes: Buffer | null, declared: AnyTopic | undefined, topic: string, part: 'key' | 'value'): Promise<unknown> {
  if (bytes === null) return null;
  if (declared === undefined) return textOf(bytes);
  return decodedBy(declared.serdes[part], bytes, { topic, part });
}

function headersOf({ headers }: KafkaRecord): Record<string, unknown> {
  const plain = (value: Buffer | readonly Buffer[]) => (Buffer.isBuffer(value) ? textOf(value) : value.map((each) => textOf(each)));
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)]));
}

/** As a line shows it: text as it is, all else as JSON. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : jsonLine(value);
}
