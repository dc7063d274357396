import type { KafkaAdmin, KafkaProducer, KafkaReader, TopicPartition, Watermarks } from '../../kafka/index.ts';
import { CUT_KEY, type DeclaredTable, decodeCutNumber, encodeCutNumber, isCutKey, MemoryStore, type Store } from '../../tables/index.ts';

/** Tombstones of one request. */
const CHUNK = 5_000;

/** What is committed in one partition of a changelog. */
export interface ChangelogState {
  readonly table: DeclaredTable;
  readonly partition: TopicPartition;
  /** Of the last cut that wrote it; 0 when none has. */
  readonly number: number;
  readonly entries: Store;
}

/** Reads the changelogs of tables, one partition after the other. */
export async function* changelogStates(
  admin: KafkaAdmin,
  reader: KafkaReader,
  tables: readonly DeclaredTable[],
): AsyncGenerator<ChangelogState> {
  for (const table of tables)
    for (const marks of await admin.watermarks(table.changelog, { isolation: 'committed' })) yield stateOf(table, marks, reader);
}

async function stateOf(table: DeclaredTable, { earliest, latest, ...partition }: Watermarks, reader: KafkaReader): Promise<ChangelogState> {
  const entries = new MemoryStore();
  let number = 0;
  for await (const { records } of reader.read([{ ...partition, from: earliest, to: latest }])) {
    for (const { key, value } of records) {
      if (key === null) continue;
      if (isCutKey(key)) number = value === null ? number : decodeCutNumber(value);
      else if (value === null) entries.delete(key);
      // The key alone is of use here.
      else entries.set(key, NOTHING);
    }
  }
  return { table, partition, number, entries };
}

const NOTHING = Buffer.alloc(0);

/**
 * Deletes all entries. The number of the cut goes up before the first is gone: until offsets with that number are committed, no worker
 * takes what is left for the table.
 *
 * @returns the new number
 */
export async function emptied(producer: KafkaProducer, { partition, number, entries }: ChangelogState): Promise<number> {
  if (entries.size === 0) return number;
  await producer.send([{ ...partition, key: CUT_KEY, value: encodeCutNumber(number + 1) }]);
  const keys = [...entries.entries()].map(({ key }) => key);
  for (let at = 0; at < keys.length; at += CHUNK) {
    await producer.send(keys.slice(at, at + CHUNK).map((key) => ({ ...partition, key, value: null })));
  }
  return number + 1;
}
