import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PostgresChangesOptions } from 'streamerjs/connect';

// What Debezium wrote for a list of changes, and the server's messages for the same changes, where TESTBED points at them.
const folder = join(process.env.TESTBED ?? '', 'golden', 'debezium');

export interface Golden {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: ReadonlyArray<readonly [string, string]>;
}

/** Options that say what the goldens' connectors were told, by file. */
export const VARIANTS: Readonly<Record<string, Partial<PostgresChangesOptions>>> = {
  plain: {},
  schema: { schemas: true },
  unwrap: { unwrap: true },
  'unwrap-schema': { unwrap: true, schemas: true },
  'unwrap-rewrite': { unwrap: { deletes: 'rewrite', addFields: ['op', 'table', 'lsn', 'source.ts_ms'], addHeaders: ['op'] } },
  string: { decimals: 'string', intervals: 'string', binary: 'hex', times: 'isostring' },
  connect: { decimals: 'double', times: 'connect', binary: 'base64-url-safe', tombstones: false },
};

export function goldenText(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

export function goldenLines<T>(name: string): T[] {
  return goldenText(name)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Only the time of processing and the run's id cannot be the same; both are taken out. */
export function comparable({ topic, key, value, headers }: Golden): Golden {
  const timeless = value?.replace(/("op":"[crudt]"),"ts_ms":\d+,"ts_us":\d+,"ts_ns":\d+/, '$1').replace(/"op":"m","ts_ms":\d+/, '"op":"m"');
  return { topic, key, value: timeless ?? null, headers: headers.map(([name, text]) => [name, name.endsWith('.runId') ? '' : text]) };
}

/** On another server times, positions, transactions and the database's name differ too. */
export function comparableElsewhere(record: Golden): Golden {
  const { value, ...rest } = comparable(record);
  const elsewhere = value
    ?.replace(/"(ts_ms|ts_us|ts_ns|lsn|txId|__lsn|__source_ts_ms)":\d+/g, '"$1":0')
    .replace(/"db":"[^"]*"/, '"db":""')
    .replace(/("sequence":"\[)(null|\\"\d+\\"),\\"\d+\\"/, (_, head: string, first: string) => `${head}${first === 'null' ? first : 0},0`);
  return { ...rest, value: elsewhere ?? null };
}

/** The same without the headers that say where a record was written, and with random values made equal: the form of `fixtures/second`. */
export function comparableAnywhere(record: Golden): Golden {
  const { value, headers, ...rest } = comparableElsewhere(record);
  const known = value?.replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}/g, 'random-uuid');
  return { ...rest, value: known ?? null, headers: headers.filter(([name]) => !name.startsWith('__debezium.context.')) };
}

const second = fileURLToPath(new URL('./fixtures/second/', import.meta.url));

/** A file of the second set: what Debezium wrote on PostgreSQL 15, and on 18 for generated columns. */
export function secondText(name: string): string {
  return readFileSync(join(second, name), 'utf8');
}

export function secondGoldens(name: string): Golden[] {
  return secondText(`${name}.jsonl`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Golden);
}

export function byTopic(records: readonly Golden[]): Record<string, Golden[]> {
  const all: Record<string, Golden[]> = {};
  for (const record of records) (all[record.topic] ??= []).push(record);
  return all;
}
