import { type PostgresChangesOptions, postgresChanges } from 'streamerjs/connect';
import { describe, expect, it } from 'vitest';
import { TableRegistry } from '../../../src/connect/postgres/catalog/table-registry.ts';
import type { ChangeEvent } from '../../../src/connect/postgres/events/change-event.ts';
import { ChangeStream } from '../../../src/connect/postgres/events/change-stream.ts';
import { EventEncoder } from '../../../src/connect/postgres/events/encoder.ts';
import { decodeMessage } from '../../../src/connect/postgres/pgoutput/decode.ts';
import { parseLsn } from '../../../src/connect/postgres/pgoutput/lsn.ts';
import { resolveOptions } from '../../../src/connect/postgres/resolve-options.ts';
import { goldenCatalog } from './golden-catalog.ts';
import { byTopic, comparable, type Golden, goldenLines, VARIANTS } from './goldens-support.ts';

function isSnapshot({ value }: Golden): boolean {
  return value !== null && (value.includes('"op":"r"') || value.includes('"__op":"r"') || /"snapshot":"(first|last|true)/.test(value));
}

async function encoded(variant: string): Promise<Golden[]> {
  const options = resolveOptions({ url: 'postgresql://none', prefix: 'car_database', tables: ['none'], skip: [], ...VARIANTS[variant] });
  const messages = goldenLines<{ lsn: string; data: string }>('pgoutput.json').map(({ lsn, data }) => ({
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
    data === null ? null : String(await options.converter.encode(data.schema, data.value, topic, part));
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
    const golden = goldenLines<Golden>(`${variant}.json`);
    // Rows without `source` do not say that they are of the snapshot: their topics' first records are, as many as there were.
    const snapshots = byTopic(goldenLines<Golden>('plain.json').filter(isSnapshot));
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
    snapshotMode: 'initial',
    unwrap: { deletes: 'rewrites', addFields: ['op', 'source.offset'], drop: true },
  } as unknown as PostgresChangesOptions;
  const expected = ['url:', 'prefix:', 'tables:', 'unknown option "snapshotMode"', 'unwrap.deletes:', 'unwrap.addFields:.*"source.offset"'];
  for (const each of [...expected, 'unknown option "unwrap.drop"', 'times:', 'skip:', 'pollMs:']) {
    expect(() => postgresChanges(wrong)).toThrow(new RegExp(`postgresChanges: ${each}`));
  }
  expect(() => postgresChanges({ url: 'postgres://x', prefix: 'p', tables: ['a', '', '.b', 'a.'] })).toThrow(/got "".*got ".b".*got "a."/s);
});
