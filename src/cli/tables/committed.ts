import type { KafkaReader, TopicPartition, Watermarks } from '../../kafka/index.ts';
import { type DeclaredTable, decodeChangelogValue, isCutKey, MemoryStore, type Store } from '../../tables/index.ts';
import { decodedBy } from '../records/decoded.ts';

/** A committed entry, in a form that JSON can hold. */
export interface Entry {
  readonly table: string;
  readonly partition: number;
  readonly key: unknown;
  readonly value: unknown;
  /** Of the event that wrote it, in milliseconds since 1970; null where the record cannot be read. */
  readonly timestamp: number | null;
}

/** Reads a changelog partition up to the end that is committed: the last record of each key. @throws for a batch that cannot be read */
export async function committedIn(reader: KafkaReader, { earliest, latest, ...partition }: Watermarks): Promise<Store> {
  const entries = new MemoryStore();
  for await (const { records } of reader.read([{ ...partition, from: earliest, to: latest }])) {
    for (const { key, value, unreadable } of records) {
      if (unreadable !== undefined) throw unreadable.error;
      if (key === null || isCutKey(key)) continue;
      if (value === null) entries.delete(key);
      else entries.set(key, value);
    }
  }
  return entries;
}

/** @param record the bytes of the changelog record */
export async function entryOf(
  { name: table, changelog: topic, serdes }: DeclaredTable,
  { partition }: Pick<TopicPartition, 'partition'>,
  key: Buffer,
  record: Buffer,
): Promise<Entry> {
  const plainKey = await decodedBy(serdes.key, key, { topic, part: 'key' });
  try {
    const { timestamp, value } = decodeChangelogValue(record);
    return { table, partition, key: plainKey, value: await decodedBy(serdes.value, value, { topic, part: 'value' }), timestamp };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { table, partition, key: plainKey, value: { error: error.message }, timestamp: null };
  }
}
