import { describe, expect, it } from 'vitest';
import { CUT_KEY, encodeChangelogValue, encodeCutNumber } from '../../src/tables/index.ts';
import { client as stockClient, unique } from '../helpers/broker.ts';
import { fixture, jsonLines, run } from './helpers.ts';

const APP = fixture('counts.ts');

const written = (key: string, value: string | null, timestamp = 1_700_000_000_000) => ({
  key: Buffer.from(key),
  value: value === null ? null : encodeChangelogValue({ timestamp, value: Buffer.from(value) }),
});

/** Tables of an app, whose changelogs hold what transactions of its workers would leave. */
async function withTables(use: (tables: { prefix: string; tables: (...args: string[]) => ReturnType<typeof run> }) => Promise<void>) {
  const prefix = unique('tables');
  const env = { COUNTS_PREFIX: prefix };
  expect((await run(['topics', 'create', '-A', APP], { env })).code).toBe(0);
  try {
    const topic = `${prefix}-counts-changelog`;
    const cut = { key: CUT_KEY, value: encodeCutNumber(3) };
    const producer = stockClient().producer({ transactionalId: unique('tables-tx'), maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const write = async (outcome: 'commit' | 'abort', partition: number, records: Array<{ key: Buffer; value: Buffer | null }>) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: records.map((record) => ({ ...record, partition })) });
      await transaction[outcome]();
    };
    await write('commit', 0, [written('u1', '{"n":1}'), written('u2', '{"n":7}'), written('gone', '{"n":1}'), cut]);
    await write('commit', 0, [written('u1', '{"n":2}', 1_700_000_000_005), written('gone', null), cut]);
    await write('abort', 0, [written('u1', '{"n":99}'), written('never', '{"n":99}')]);
    await write('commit', 1, [written('u3', '{"n":3}'), written('odd', 'not JSON'), cut]);
    await producer.disconnect();
    await use({ prefix, tables: (...args) => run(['tables', ...args, '-A', APP], { env }) });
  } finally {
    await run(['topics', 'delete', '-A', APP, '--yes'], { env });
  }
}

describe('streamer tables', () => {
  it('lists tables, gets entries and dumps them, as they are committed', async () => {
    await withTables(async ({ prefix, tables }) => {
      const changelog = `${prefix}-counts-changelog`;
      const list = await tables('list');
      expect(list).toMatchObject({ code: 0, stderr: '' });
      expect(list.stdout).toMatch(/table +written by +read by +changelog +partitions +records/);
      expect(list.stdout).toMatch(new RegExp(`counts +count +hours +${changelog} +2 +\\d+`));
      const [counts, perHour] = jsonLines((await tables('list', '--json')).stdout);
      expect(counts).toMatchObject({ table: 'counts', key: 'string', writer: 'count', readers: ['hours'], changelog, partitions: 2 });
      expect(perHour).toMatchObject({ table: 'per-hour', key: 'string', value: 'number', writer: 'hours', readers: [], records: 0 });

      expect(await tables('get', 'counts', 'u1')).toMatchObject({ code: 0, stdout: '{"n":2}\n', stderr: '' });
      expect(jsonLines((await tables('get', 'counts', 'u1', '--json')).stdout)).toEqual([
        { table: 'counts', partition: 0, key: 'u1', value: { n: 2 }, timestamp: 1_700_000_000_005 },
      ]);
      for (const key of ['gone', 'never', 'nobody'])
        expect(await tables('get', 'counts', key)).toMatchObject({
          code: 1,
          stdout: '',
          stderr: `streamer: table "counts" has no entry of the key "${key}"\n`,
        });

      const dump = await tables('dump', 'counts');
      expect(dump).toMatchObject({ code: 0, stderr: '' });
      expect(dump.stdout.trim().split('\n').sort()).toEqual([
        expect.stringMatching(/^odd {2}\{"error":".*JSON/),
        'u1  {"n":2}',
        'u2  {"n":7}',
        'u3  {"n":3}',
      ]);
      expect(jsonLines((await tables('dump', 'counts', '--partition', '1', '--json')).stdout)).toEqual(
        expect.arrayContaining([{ table: 'counts', partition: 1, key: 'u3', value: { n: 3 }, timestamp: 1_700_000_000_000 }]),
      );
      expect(jsonLines((await tables('dump', 'counts', '--limit', '2', '--json')).stdout)).toHaveLength(2);
    });
  });

  it('says what is wrong with its arguments', async () => {
    await withTables(async ({ prefix, tables }) => {
      expect(await tables('get', 'county', 'u1')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`app "${prefix}" has no table "county"\n  It has: counts, per-hour.`),
      });
      expect(await tables('get', 'per-hour', 'noon')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('table "per-hour" has no entry of the key "noon"'),
      });
      expect(await tables('dump', 'counts', '--partition', '5')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`--partition 5: "${prefix}-counts-changelog" has 2 partitions`),
      });
    });
  });
});
