import { describe, expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { fixture, jsonLines, run } from './helpers.ts';

const APP = fixture('shop.ts');

describe('streamer topics', () => {
  it('creates what an app declares, dead-letter topics included; tells what is there and what differs; grows', async () => {
    const prefix = unique('topics');
    const env = { SHOP_PREFIX: prefix };
    const names = [`${prefix}-orders`, `${prefix}-large`, `${prefix}-orders.${prefix}.dlq`];
    await run(['topics', 'create', `${prefix}-large`, '-p', '1'], { env });

    const dry = await run(['topics', 'create', '-A', APP, '--dry-run', '--json'], { env });
    expect(dry.code).toBe(1);
    expect(jsonLines(dry.stdout).map(({ status }) => status)).toEqual(['would be created', 'differs', 'would be created']);

    const first = await run(['topics', 'create', '-A', APP], { env });
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(new RegExp(`${prefix}-orders +2 partitions +created`));
    expect(first.stdout).toMatch(new RegExp(`${prefix}-large +2 partitions +differs: has 1 partition, the app declares 2`));
    expect(first.stderr).toContain('--add-partitions');

    const grown = await run(['topics', 'create', '-A', APP, '--add-partitions', '--json'], { env });
    expect(grown.code).toBe(0);
    expect(jsonLines(grown.stdout)).toEqual([
      { topic: names[0], partitions: 2, status: 'already there' },
      { topic: names[1], partitions: 2, status: 'grown', changes: [expect.objectContaining({ what: 'partitions', is: '1', wanted: '2' })] },
      { topic: names[2], partitions: 2, status: 'already there' },
    ]);

    const listed = jsonLines((await run(['topics', 'list', '-A', APP, '--json'], { env })).stdout);
    expect(listed).toEqual(names.map((topic) => ({ topic, partitions: 2 })));
    const all = jsonLines((await run(['topics', 'list', '--json'])).stdout).map(({ topic }) => topic);
    expect(all).toEqual(expect.arrayContaining(names));
    expect(all.filter((name) => name === '__consumer_offsets' || name === '__transaction_state')).toEqual([]);

    const refused = await run(['topics', 'delete', '-A', APP], { env });
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`this deletes ${names.join(', ')} with all records\n  To do it: --yes.`),
    });
    const deleted = await run(['topics', 'delete', '-A', APP, '--yes', '--json'], { env });
    expect(jsonLines(deleted.stdout)).toEqual(names.map((topic) => ({ topic, status: 'deleted' })));
  });

  it('creates and describes a topic by name, with configs', async () => {
    const topic = unique('named');
    const created = await run(['topics', 'create', topic, '-p', '3', '-c', 'retention.ms=86400000']);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/3 partitions +created/) });
    const [described] = jsonLines((await run(['topics', 'describe', topic, '--json'])).stdout);
    expect(described).toMatchObject({ name: topic, partitions: 3, configs: { 'retention.ms': '86400000' } });
    expect(described?.['offsets']).toEqual([0, 1, 2].map((partition) => ({ partition, earliest: 0, latest: 0 })));
    const differs = await run(['topics', 'create', topic, '-p', '3', '-c', 'retention.ms=1']);
    expect(differs).toMatchObject({ code: 1, stdout: expect.stringContaining('retention.ms is 86400000, the app declares 1') });
    expect(await run(['topics', 'delete', topic])).toMatchObject({ code: 2, stderr: expect.stringContaining('To do it: --yes.') });
    expect((await run(['topics', 'describe', topic])).code).toBe(0);
    expect((await run(['topics', 'delete', topic, '--yes'])).code).toBe(0);
    expect(await run(['topics', 'describe', topic])).toMatchObject({ code: 1, stderr: expect.stringContaining(`no such topic: ${topic}`) });
  });

  it('has the broker check configs before anything is made, shows what differs, and alters what it is told to', async () => {
    const topic = unique('configs');
    const create = (...args: string[]) => run(['topics', 'create', topic, ...args]);
    const [misspelt, wrong] = await Promise.all([create('-c', 'retention.mss=1'), create('-c', 'retention.ms=soon')]);
    expect(misspelt).toMatchObject({ code: 2, stderr: expect.stringMatching(/Unknown topic config name: retention\.mss/) });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/Invalid value soon for configuration retention\.ms/) });
    await create('-p', '2', '-c', 'retention.ms=1000', '-c', 'segment.bytes=20000000');

    const wanted = ['-p', '1', '-c', 'retention.ms=2000', '-c', 'cleanup.policy=compact'];
    const differs = await create(...wanted);
    expect(differs).toMatchObject({ code: 1, stderr: expect.stringContaining('--alter-configs') });
    expect(differs.stdout).toMatch(
      /topic +what +is +declared\n.* partitions +2 +1\n.* retention\.ms +1000 +2000\n.* cleanup\.policy +delete +compact/,
    );
    expect(differs.stdout).toContain('has 2 partitions, the app declares 1: partitions cannot be removed');

    const dry = await create('-p', '3', ...wanted.slice(2), '--alter-configs', '--add-partitions', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('would grow: partitions 2 -> 3; retention.ms 1000 -> 2000; cleanup.policy delete -> compact');
    expect(dry.stdout).toMatch(/topic +what +is +declared\n.* partitions +2 +3\n/);
    const altered = await create('-p', '2', ...wanted.slice(2), '--alter-configs');
    expect(altered).toMatchObject({ code: 0, stdout: expect.stringMatching(/2 partitions +altered: retention\.ms 1000 -> 2000/) });
    const [described] = jsonLines((await run(['topics', 'describe', topic, '--json'])).stdout);
    expect(described!['configs']).toMatchObject({ 'retention.ms': '2000', 'cleanup.policy': 'compact', 'segment.bytes': '20000000' });
  }, 60_000);

  it('refuses options and names that the app decides', async () => {
    const env = { SHOP_PREFIX: 'never-made' };
    expect(await run(['topics', 'create', '-A', APP, '-p', '3'], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not go with -A'),
    });
    expect(await run(['topics', 'create', 'other', '-A', APP], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not declare other'),
    });
  });
});
