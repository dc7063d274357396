import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { brokers, createTopic, readAll, unique } from '../helpers/broker.ts';
import { runForeign } from './foreign-program.ts';

const isInstalled = spawnSync('kcat', ['-V']).error === undefined;
const isRequired = process.env.CI !== undefined && process.env.CI !== '';

const kcat = (args: readonly string[], input = '') => runForeign('kcat', ['-b', brokers().join(','), ...args], input);

if (!isInstalled && isRequired) {
  it('kcat is installed where CI is set', () => expect.fail('kcat is not on PATH: install it (Debian: apt-get install kcat)'));
}

describe.skipIf(!isInstalled)(`kcat${isInstalled ? '' : ' (skipped: kcat is not on PATH)'}`, () => {
  it('lists topics with their leaders', async () => {
    const topic = await createTopic('kcat-list', { partitions: 3 });
    const { code, stdout } = await kcat(['-L', '-J', '-t', topic]);
    expect(code).toBe(0);
    const listed = JSON.parse(stdout) as {
      controllerid: number;
      brokers: { id: number }[];
      topics: { topic: string; partitions: { leader: number }[] }[];
    };
    expect(listed.topics).toMatchObject([{ topic, partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] }]);
    expect(listed.brokers.map(({ id }) => id)).toEqual(
      expect.arrayContaining(listed.topics[0]?.partitions.map(({ leader }) => leader) ?? []),
    );
  });

  it('produces, and kafkajs reads it', async () => {
    const topic = await createTopic('kcat-produce');
    const { code, stderr } = await kcat(['-P', '-t', topic, '-K:', '-H', 'from=kcat'], 'a:1\nb:2\n');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const records = await readAll(topic);
    expect(records.map(({ key, value }) => `${key}=${value}`)).toEqual(['a=1', 'b=2']);
    expect(records[0]?.headers).toEqual({ from: Buffer.from('kcat') });
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produces and consumes with compression %s', async (compression) => {
    const topic = await createTopic(`kcat-${compression}`);
    const lines = Array.from({ length: 200 }, (_, i) => `${i}:${'value '.repeat(20)}${i}`);
    const sent = await kcat(['-P', '-t', topic, '-K:', '-z', compression], `${lines.join('\n')}\n`);
    expect(sent).toMatchObject({ code: 0 });
    const { stdout } = await kcat(['-C', '-t', topic, '-K:', '-e', '-q', '-o', 'beginning']);
    expect(stdout.trimEnd().split('\n')).toEqual(lines);
  });

  it('produces as an idempotent producer', async () => {
    const topic = await createTopic('kcat-idempotent');
    const { code, stderr } = await kcat(['-P', '-t', topic, '-X', 'enable.idempotence=true'], 'once\n');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['once']);
  });

  it('consumes with a group, and goes on where it committed', async () => {
    const [topic, group] = [await createTopic('kcat-group', { partitions: 2 }), unique('kcat')];
    const consume = async () =>
      (await kcat(['-G', group, '-e', '-q', '-X', 'auto.offset.reset=earliest', '-X', 'fetch.wait.max.ms=100', topic])).stdout;
    await kcat(['-P', '-t', topic, '-p', '1'], 'first\n');
    expect(await consume()).toBe('first\n');
    await kcat(['-P', '-t', topic, '-p', '1'], 'second\n');
    expect(await consume()).toBe('second\n');
  });

  it('finds offsets by time', async () => {
    const topic = await createTopic('kcat-time');
    await kcat(['-P', '-t', topic], 'a\n');
    const { stdout } = await kcat(['-Q', '-t', `${topic}:0:${Date.now() - 3_600_000}`]);
    expect(stdout).toContain('offset 0');
  });
});
