import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { MemberTable } from '../client.ts';
import { log } from './log.ts';

/** What the leader of a group gets from a member, in the user data of its subscription. */
export interface MemberData {
  /** The generation in which it had `partitions`; -1 before its first. */
  readonly generation: number;
  /** What it had, by topic. */
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  /** Groups of topics whose equal partitions must have one owner. */
  readonly coPartitioned: ReadonlyArray<readonly string[]>;
  /** Tables that it keeps, with the topics that they are read and written from. */
  readonly tables: readonly MemberTable[];
  /** Of its transactions; empty for a member without. */
  readonly transactionalId: string;
}

export const EMPTY_MEMBER: MemberData = { generation: -1, partitions: {}, coPartitioned: [], tables: [], transactionalId: '' };

/** The first byte. It changes only when fields change their meaning: a reader takes another version for no data at all. */
const VERSION = 1;
/** The format before this one was JSON, which begins with a brace. */
const BRACE = 0x7b;

/**
 * Fields by number, written as tagged fields of Kafka's protocol: a reader skips those that it does not know, so a field may
 * be added without a new version. 4 and 6 to 8 are set aside for shard positions, the address for queries, the host, and
 * versions of tables.
 */
const FIELD = { generation: 1, partitions: 2, coPartitioned: 3, tables: 5, transactionalId: 9 } as const;
/** Fields of every member; those of tables are left out by members that have none. */
const PLAIN_FIELDS = 3;

export function encodeMemberData({ generation, partitions, coPartitioned, tables, transactionalId }: MemberData): Buffer {
  const hasTables = transactionalId !== '';
  const writer = new Writer();
  writer.int8(VERSION);
  writer.uvarint(hasTables ? Object.keys(FIELD).length : PLAIN_FIELDS);
  writer.taggedField(FIELD.generation, (field) => field.int32(generation));
  writer.taggedField(FIELD.partitions, (field) => {
    const topics = Object.entries(partitions);
    field.arrayLength(topics.length, true);
    for (const [topic, list] of topics) {
      field.string(topic, true);
      field.arrayLength(list.length, true);
      for (const partition of list) field.uvarint(partition);
    }
  });
  writer.taggedField(FIELD.coPartitioned, (field) => {
    field.arrayLength(coPartitioned.length, true);
    for (const group of coPartitioned) {
      field.arrayLength(group.length, true);
      for (const topic of group) field.string(topic, true);
    }
  });
  if (hasTables) writeTables(writer, tables, transactionalId);
  return Buffer.concat(writer.finish());
}

function writeTables(writer: Writer, tables: readonly MemberTable[], transactionalId: string): void {
  writer.taggedField(FIELD.tables, (field) => {
    field.arrayLength(tables.length, true);
    for (const { name, topics } of tables) {
      field.string(name, true);
      field.arrayLength(topics.length, true);
      for (const topic of topics) field.string(topic, true);
    }
  });
  writer.taggedField(FIELD.transactionalId, (field) => field.string(transactionalId, true));
}

/** Reads every format that a version of this package has written. Anything else is read as a member that had nothing. */
export function decodeMemberData(data: Buffer | null | undefined): MemberData {
  if (data === null || data === undefined || data.length === 0) return EMPTY_MEMBER;
  try {
    if (data[0] === BRACE) return decodeJson(data);
    if (data[0] === VERSION) return decodeFields(new Reader(data.subarray(1)));
  } catch (error) {
    log.debug("a member's user data cannot be read: {error}", { error });
  }
  return EMPTY_MEMBER;
}

function decodeFields(reader: Reader): MemberData {
  const read: { -readonly [K in keyof MemberData]: MemberData[K] } = { ...EMPTY_MEMBER };
  reader.taggedFields((tag, field) => {
    if (tag === FIELD.generation) read.generation = field.int32();
    else if (tag === FIELD.partitions) read.partitions = readPartitions(field);
    else if (tag === FIELD.tables)
      read.tables = readList(field, () => ({ name: readName(field), topics: readList(field, () => readName(field)) }));
    else if (tag === FIELD.transactionalId) read.transactionalId = readName(field);
    else if (tag === FIELD.coPartitioned) read.coPartitioned = readList(field, () => readList(field, () => readName(field)));
  });
  return read;
}

function readPartitions(field: Reader): Record<string, number[]> {
  const entries = readList(field, () => [readName(field), readList(field, () => field.uvarint())] as const);
  return byTopic(entries);
}

function readList<T>(field: Reader, read: () => T): T[] {
  return Array.from({ length: Math.max(0, field.arrayLength(true)) }, read);
}

function readName(field: Reader): string {
  return field.string(true) ?? '';
}

function decodeJson(data: Buffer): MemberData {
  const { generation, partitions }: { generation?: unknown; partitions?: unknown } = JSON.parse(data.toString('utf8'));
  if (typeof generation !== 'number' || typeof partitions !== 'object' || partitions === null) return EMPTY_MEMBER;
  const entries = Object.entries(partitions).map(([topic, list]: [string, unknown]) => [topic, numbersOf(list)] as const);
  return { ...EMPTY_MEMBER, generation, partitions: byTopic(entries) };
}

function numbersOf(list: unknown): number[] {
  return Array.isArray(list) ? list.filter((each) => typeof each === 'number') : [];
}

/** `__proto__` is an allowed name of a topic. */
function byTopic(entries: ReadonlyArray<readonly [string, number[]]>): Record<string, number[]> {
  const partitions: Record<string, number[]> = Object.create(null);
  for (const [topic, list] of entries) partitions[topic] = list;
  return partitions;
}
