import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { describe, expect, it } from 'vitest';
import { ChangeStream } from '../../../src/connect/postgres/change-stream.ts';
import type { ChangeEvent } from '../../../src/connect/postgres/events/change-event.ts';
import { EventEncoder } from '../../../src/connect/postgres/events/encoder.ts';
import { resolveOptions } from '../../../src/connect/postgres/options.ts';
import { decodeMessage } from '../../../src/connect/postgres/pgoutput/decode.ts';
import { parseLsn } from '../../../src/connect/postgres/pgoutput/lsn.ts';
import { TableRegistry } from '../../../src/connect/postgres/table-registry.ts';
import { goldenCatalog } from './golden-catalog.ts';

// What Debezium wrote for a list of changes, and the server's messages for the same changes, where TESTBED points at them.
const folder = join(process.env.TESTBED ?? '', 'golden', 'debezium');

interface Golden {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: ReadonlyArray<readonly [string, string]>;
}

const VARIANTS: Readonly<Record<string, Partial<PostgresChangesOptions>>> = {
  plain: {},
  schema: { schemas: true },
  unwrap: { unwrap: true },
  'unwrap-schema': { unwrap: true, schemas: true },
  'unwrap-rewrite': { unwrap: { deletes: 'rewrite', addFields: ['op', 'table', 'lsn', 'source.ts_ms'], addHeaders: ['op'] } },
  string: { decimals: 'string', intervals: 'string', binary: 'hex', times: 'isostring' },
  connect: { decimals: 'double', times: 'connect', binary: 'base64-url-safe', tombstones: false },
};

function lines<T>(name: string): T[] {
  return readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Only the time of processing and the run's id cannot be the same; both are taken out. */
function comparable({ topic, key, value, headers }: Golden): Golden {
  const timeless = value?.replace(/("op":"[crudt]"),"ts_ms":\d+,"ts_us":\d+,"ts_ns":\d+/, '$1').replace(/"op":"m","ts_ms":\d+/, '"op":"m"');
  return { topic, key, value: timeless ?? null, headers: headers.map(([name, text]) => [name, name.endsWith('.runId') ? '' : text]) };
}

function isSnapshot({ value }: Golden): boolean {
  return value !== null && (value.includes('"op":"r"') || value.includes('"__op":"r"') || /"snapshot":"(first|last|true)/.test(value));
}

function byTopic(records: readonly Golden[]): Record<string, Golden[]> {
  const all: Record<string, Golden[]> = {};
  for (const record of records) (all[record.topic] ??= []).push(record);
  return all;
}

async function encoded(variant: string): Promise<Golden[]> {
  const options = resolveOptions({ url: 'postgresql://none', prefix: 'car_database', tables: ['none'], skip: [], ...VARIANTS[variant] });
  const messages = lines<{ lsn: string; data: string }>('pgoutput.json').map(({ lsn, data }) => ({
    lsn: parseLsn(lsn),
    bytes: Buffer.from(data, 'hex'),
  }));
  const registry = new TableRegistry(goldenCatalog(messages.map(({ bytes }) => bytes)), options.types, options.prefix, () => true);
  const identity = { version: '3.7.0.Final', prefix: options.prefix, database: 'car_database' };
  const encoder = new EventEncoder({
    identity,
    tombstones: options.tombstones,
    runId: 'run',
    clock: () => [1, 2, 3n],
    binary: options.types.binary,
  });
  const stream = new ChangeStream(encoder, registry, options.skip, null);
  const events: ChangeEvent[] = [];
  for (const { lsn, bytes } of messages) events.push(...(await stream.next(decodeMessage(bytes), lsn)).events);
  const text = async (data: ChangeEvent['key'], topic: string, part: 'key' | 'value') =>
    data === null ? null : (await options.converter.encode(data.schema, data.value, topic, part)).toString('utf8');
  const records = (options.unwrap?.(events) ?? events).map(async ({ topic, key, value, headers }) => ({
    topic,
    key: await text(key, topic, 'key'),
    value: await text(value, topic, 'value'),
    headers,
  }));
  return Promise.all(records);
}

describe.runIf(process.env.TESTBED !== undefined)('the records of Debezium, byte for byte, from the messages of the server', () => {
  it.each(Object.keys(VARIANTS))('%s', async (variant) => {
    const golden = lines<Golden>(`${variant}.json`);
    // Rows without `source` do not say that they are of the snapshot: their topics' first records are, as many as there were.
    const snapshots = byTopic(lines<Golden>('plain.json').filter(isSnapshot));
    const streamed = Object.entries(byTopic(golden)).flatMap(([topic, records]) => records.slice(snapshots[topic]?.length ?? 0));
    expect(byTopic((await encoded(variant)).map(comparable))).toEqual(byTopic(streamed.map(comparable)));
    expect(streamed.length).toBeGreaterThan(30);
  });
});

it('reports every option that is wrong', () => {
  const wrong = {
    url: 'mysql://x',
    prefix: 'a b',
    tables: [],
    times: 'exact',
    skip: ['x'],
    pollMs: 0,
  } as unknown as PostgresChangesOptions;
  expect(() => postgresChanges(wrong)).toThrow(
    /url must.*\n.*prefix must.*\n.*tables must.*\n.*times must.*\n.*skip takes.*\n.*pollMs must/s,
  );
});
