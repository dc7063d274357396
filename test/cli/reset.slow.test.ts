import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaAdmin, KafkaClient } from '../../src/kafka/client.ts';
import { createCluster } from '../../src/kafka/kafkajs/cluster.ts';
import { coordinatorOf } from '../../src/kafka/kafkajs/coordinators.ts';
import { request } from '../../src/kafka/kafkajs/request.ts';
import { CUT_KEY, encodeCutNumber } from '../../src/tables/index.ts';
import { offsetCommit } from '../../src/wire/apis/group.ts';
import { brokers, readAll, unique, withProducer } from '../helpers/broker.ts';
import { createClient } from '../kafka/support/recorder.ts';
import { fixture, jsonLines, run, withShop, withStreamer } from './helpers.ts';

let client: KafkaClient;
let admin: KafkaAdmin;

beforeAll(async () => {
  client = createClient('reset');
  admin = await client.admin();
});
afterAll(() => client.close());

const START = Date.parse('2026-11-30T10:00:00Z');

/** Ten orders in partition 0, one a minute. */
async function fill(topic: string): Promise<void> {
  const messages = Array.from({ length: 10 }, (_, index) => ({
    partition: 0,
    key: `u${index}`,
    value: JSON.stringify({ id: `o${index}`, amount: 50 }),
    timestamp: String(START + index * 60_000),
  }));
  await withProducer((producer) => producer.send({ topic, messages }));
}

/** As a worker would, with what was finished ahead. */
async function commit(group: string, topic: string, offset: number, metadata: string): Promise<void> {
  const cluster = createCluster({ clientId: 'reset', brokers: brokers() });
  await cluster.connect();
  try {
    const coordinator = await coordinatorOf(cluster, 'group', group);
    const topics = [{ name: topic, partitions: [{ index: 0, offset, metadata }] }];
    const answer = await request(coordinator, offsetCommit, { groupId: group, generationId: -1, memberId: '', topics });
    expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(0);
  } finally {
    await cluster.disconnect();
  }
}

const committed = async (group: string, topic: string) =>
  (await admin.groupOffsets(group, [topic])).map(({ partition, offset, metadata }) => [partition, offset, metadata ?? '']);

async function allCommitted(group: string, topic: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; (await committed(group, topic))[0]?.[1] !== 10; await sleep(50))
    if (Date.now() > deadline) throw new Error('the end of the topic is not committed');
}

describe('streamer reset', () => {
  it('shows from and to, asks, moves, and forgets what was finished ahead', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const topic = `${prefix}-orders`;
      const reset = (...args: string[]) => run(['reset', '-A', app, ...args], { env });
      await fill(topic);
      await commit(prefix, topic, 4, 's1;pick-large=0,1,2;slow=0,1,1');

      const dry = await reset('--to', 'earliest', '--dry-run');
      expect(dry).toMatchObject({ code: 0, stderr: '' });
      expect(dry.stdout).toMatch(/partition +from +to +finished ahead/);
      expect(dry.stdout).toMatch(new RegExp(`${topic}\\[0\\] +4 +0 +2\n${' '.repeat(0)}.*${topic}\\[1\\] +- +0 +0`));
      expect(await committed(prefix, topic)).toEqual([
        [0, 4, 's1;pick-large=0,1,2;slow=0,1,1'],
        [1, -1, ''],
      ]);

      const asked = await reset('--to', '7');
      expect(asked).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`this moves app "${prefix}" to these offsets\n  To do it: --yes.`),
      });
      expect(asked.stdout).toMatch(new RegExp(`${topic}\\[0\\] +4 +7 +2`));
      expect((await committed(prefix, topic))[0]?.[1]).toBe(4);

      const done = await reset(topic, '--to', '7', '--yes', '--json');
      expect(done.code).toBe(0);
      expect(jsonLines(done.stdout)).toEqual([
        { topic, partition: 0, from: 4, to: 7, finishedAhead: 2, status: 'moved' },
        { topic, partition: 1, from: null, to: 0, finishedAhead: 0, status: 'moved' },
      ]);
      expect(await committed(prefix, topic)).toEqual([
        [0, 7, ''],
        [1, 0, ''],
      ]);
    });
  });

  it('moves to the end, to a time and to a time ago', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const topic = `${prefix}-orders`;
      await fill(topic);
      const to = async (place: string) => {
        const { code, stdout, stderr } = await run(['reset', '-A', app, '--to', place, '--yes', '--json'], { env });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const [first] = jsonLines(stdout);
        expect((await committed(prefix, topic))[0]?.[1]).toBe(first?.['to']);
        return first?.['to'];
      };
      expect(await to('latest')).toBe(10);
      expect(await to('2026-11-30T10:03:30Z')).toBe(4);
      expect(await to('99')).toBe(10);
      const minutesAgo = (Date.now() - START) / 60_000;
      const ago = Math.ceil(minutesAgo);
      expect(await to(`-${ago - 6}m`)).toBe(Math.ceil(minutesAgo - (ago - 6)) + 0);
      expect(await to('-3650d')).toBe(0);
    });
  });

  it('refuses while members are in the group, and names them; a worker then works from the new offset on', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const topic = `${prefix}-orders`;
      await fill(topic);
      await withStreamer(['worker', '-A', app, '--json'], { env }, async (worker) => {
        await worker.untilEvent('assigned');
        await allCommitted(prefix, topic);
        const refused = await run(['reset', '-A', app, '--to', 'earliest', '--yes'], { env });
        expect(refused.code).toBe(2);
        expect(refused.stderr).toMatch(
          new RegExp(`group "${prefix}" has 1 running member: \\S+ \\(127\\.0\\.0\\.1\\)\n +Stop the workers first`),
        );
        expect((await run(['reset', '-A', app, '--to', 'earliest', '--dry-run'], { env })).code).toBe(0);
        await worker.end();
      });
      expect((await run(['reset', '-A', app, '--to', '8', '--yes'], { env })).code).toBe(0);
      await withStreamer(['worker', '-A', app, '--json'], { env }, async (worker) => {
        await worker.untilEvent('assigned');
        await allCommitted(prefix, topic);
        expect((await worker.end()).code).toBe(0);
      });
      expect(await readAll(`${prefix}-large`)).toHaveLength(12);
    });
  });

  it('says what is wrong with its arguments', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const refused = async (...args: string[]) => {
        const { code, stderr } = await run(['reset', '-A', app, '--yes', ...args], { env });
        return { code, stderr };
      };
      expect(await refused()).toMatchObject({ code: 2, stderr: expect.stringContaining('where to?') });
      for (const place of ['soon', '-5', '-2y', '2026-13-41'])
        expect(await refused('--to', place)).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(`--to: expected earliest, latest, an offset, a time or -2h, got "${place}"`),
        });
      const other = unique('other');
      expect(await refused(other, '--to', 'earliest')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`app "${prefix}" does not read ${other}\n  It reads: ${prefix}-orders.`),
      });
    });
  });
});

describe('streamer reset of an app with tables', () => {
  const APP = fixture('counts.ts');

  /** The counts app, whose orders have been counted: 7 of "a" and 3 of "b". */
  async function withCounts(
    use: (counts: {
      prefix: string;
      env: Record<string, string>;
      reset: (...args: string[]) => ReturnType<typeof run>;
      counted: () => Promise<Record<string, number>>;
      work: (until: Record<string, number>) => Promise<void>;
    }) => Promise<void>,
  ) {
    const prefix = unique('counts');
    const env = { COUNTS_PREFIX: prefix };
    const topic = `${prefix}-orders`;
    expect((await run(['topics', 'create', '-A', APP], { env })).code).toBe(0);
    const counted = async () => {
      const { stdout, code } = await run(['tables', 'dump', 'counts', '-A', APP, '--json'], { env });
      expect(code).toBe(0);
      return Object.fromEntries(jsonLines(stdout).map(({ key, value }) => [key, (value as { n: number }).n]));
    };
    const work = async (wanted: Record<string, number>) => {
      await withStreamer(['worker', '-A', APP, '--json'], { env }, async (worker) => {
        await worker.untilEvent('assigned');
        for (const deadline = Date.now() + 30_000; ; ) {
          const seen = await counted();
          if (isDeepStrictEqual(seen, wanted)) break;
          if (Date.now() > deadline) throw new Error(`counted ${JSON.stringify(seen)}; ${worker.stderr}`);
        }
        const { code, stderr } = await worker.end();
        expect(code).toBe(0);
        expect(stderr).not.toMatch(/"level":"(warning|error|fatal)"/);
      });
      expect(await counted()).toEqual(wanted);
    };
    const order = (key: string) => ({ key, value: JSON.stringify({ amount: 1 }) });
    try {
      await withProducer((producer) => producer.send({ topic, messages: [...'abaababaaa'].map(order) }));
      await work({ a: 7, b: 3 });
      await use({ prefix, env, counted, work, reset: (...args) => run(['reset', '-A', APP, ...args], { env }) });
    } finally {
      await run(['topics', 'delete', '-A', APP, '--yes'], { env });
    }
  }

  it('has to be told what becomes of the tables', async () => {
    await withCounts(async ({ reset, prefix, counted }) => {
      expect(await reset('--to', 'earliest', '--yes')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/what becomes of tables "counts", "per-hour".*\n +--tables empties them.*--keep-state/),
      });
      expect(await reset('--to', 'earliest', '--yes', '--tables', '--keep-state')).toMatchObject({ code: 2 });
      const dry = await reset('--to', 'earliest', '--tables', '--dry-run');
      expect(dry).toMatchObject({ code: 0, stderr: '' });
      expect(dry.stdout).toContain('emptied: counts, per-hour');
      expect(await reset('--to', 'earliest', '--tables')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`this moves app "${prefix}" to these offsets, and empties "counts", "per-hour"`),
      });
      expect(await counted()).toEqual({ a: 7, b: 3 });
    });
  });

  it('empties the tables, which are made again from the new offset on', async () => {
    await withCounts(async ({ reset, counted, work, env }) => {
      const done = await reset('--to', 'earliest', '--tables', '--yes', '--json');
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(jsonLines(done.stdout)).toEqual(expect.arrayContaining([{ table: 'counts', status: 'emptied' }]));
      expect(await counted()).toEqual({});
      await work({ a: 7, b: 3 });
      expect((await run(['reset', '-A', APP, '--to', 'latest', '--tables', '--yes'], { env })).code).toBe(0);
      await work({});
    });
  });

  it('leaves the tables as they are, and a worker goes on with them', async () => {
    await withCounts(async ({ reset, counted, work }) => {
      expect(await reset('--to', 'earliest', '--keep-state', '--yes')).toMatchObject({ code: 0, stderr: '' });
      expect(await counted()).toEqual({ a: 7, b: 3 });
      await work({ a: 14, b: 6 });
      expect(await reset('--to', 'latest', '--keep-state', '--yes')).toMatchObject({ code: 0, stderr: '' });
      await work({ a: 14, b: 6 });
    });
  });

  it('is needed after a reset that was cut off: no worker goes on with tables that are half empty', async () => {
    await withCounts(async ({ prefix, env, reset, work }) => {
      const producer = await client.producer();
      const topic = `${prefix}-counts-changelog`;
      for (const partition of [0, 1]) await producer.send([{ topic, partition, key: CUT_KEY, value: encodeCutNumber(999) }]);
      await withStreamer(['worker', '-A', APP, '--json'], { env }, async (worker) => {
        const { code, stderr } = await worker.finished;
        expect(code).toBe(1);
        expect(stderr).toMatch(/the changelog has cut 999/);
      });
      expect(await reset('--to', 'earliest', '--tables', '--yes')).toMatchObject({ code: 0, stderr: '' });
      await work({ a: 7, b: 3 });
    });
  });
});
