import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTopic, unique, withProducer } from '../helpers/broker.ts';
import { jsonLines, run, withShop, withStreamer } from './helpers.ts';

describe('streamer send and consume', () => {
  it('raw: text in, text out, with key, headers, partition and time', async () => {
    const topic = await createTopic('raw', { partitions: 2 });
    const sent = await run([
      'send',
      topic,
      'hello',
      '-k',
      'k1',
      '-H',
      'a=1',
      '-H',
      'b=2',
      '--partition',
      '1',
      '--timestamp',
      '1000',
      '--json',
    ]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(jsonLines(sent.stdout)).toEqual([{ topic, partition: 1, offset: 0 }]);
    expect((await run(['send', topic, '-k', 'k1', '--tombstone', '--partition', '1'])).stdout).toBe(`${topic}[1]@1\n`);

    const read = await run(['consume', topic, '--json']);
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(jsonLines(read.stdout)).toEqual([
      { topic, partition: 1, offset: 0, timestamp: 1000, key: 'k1', value: 'hello', headers: { a: '1', b: '2' } },
      { topic, partition: 1, offset: 1, timestamp: expect.any(Number), key: 'k1', value: null, headers: {} },
    ]);
    expect((await run(['consume', topic, '--limit', '1'])).stdout).toBe(`${topic}[1]@0  k1  hello\n`);
    const shown = await run(['consume', topic, '--limit', '1', '--show', 'headers,time,partition']);
    expect(shown.stdout).toBe(`${topic}[1]@0  1970-01-01T00:00:01.000Z  {"a":"1","b":"2"}  k1  hello\n`);
    expect((await run(['consume', topic, '--limit', '1', '--show', 'time'])).stdout).toBe('1970-01-01T00:00:01.000Z  k1  hello\n');
  });

  it('reads the stretch that is asked for: by offset, from the end, by time, by partition, by key', async () => {
    const topic = await createTopic('stretch', { partitions: 2 });
    const start = Date.parse('2026-11-30T10:00:00Z');
    await withProducer((producer) =>
      producer.send({
        topic,
        messages: Array.from({ length: 12 }, (_, i) => ({
          partition: i % 2,
          key: `k${i % 3}`,
          value: `v${i}`,
          timestamp: String(start + i * 60_000),
        })),
      }),
    );
    const values = async (...args: string[]) => {
      const { stdout, stderr } = await run(['consume', topic, '--json', ...args]);
      expect(stderr).toBe('');
      return jsonLines(stdout)
        .map(({ value }) => String(value))
        .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
    };
    expect(await values('--from', '-2')).toEqual(['v8', 'v9', 'v10', 'v11']);
    expect(await values('--from', '4', '--partition', '1')).toEqual(['v9', 'v11']);
    expect(await values('--from', '1', '--until', '3', '--partition', '0')).toEqual(['v2', 'v4']);
    expect(await values('--from', '2026-11-30T10:08:00Z')).toEqual(['v8', 'v9', 'v10', 'v11']);
    expect(await values('--from', '2026-11-30T11:02+01:00', '--until', '2026-11-30T10:05:00.000Z')).toEqual(['v2', 'v3', 'v4']);
    expect(await values('--key', 'k1')).toEqual(['v1', 'v4', 'v7', 'v10']);
    expect(await values('--from', '99')).toEqual([]);
    expect(await run(['consume', topic, '--partition', '2'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has 2 partitions'),
    });
    const followed = await run(['consume', topic, '--follow', '--from', 'latest', '--until', new Date(Date.now() + 1_500).toISOString()]);
    expect(followed).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('escapes what a terminal would obey, but not in JSON', async () => {
    const topic = await createTopic('controls', { partitions: 1 });
    const [key, value] = ['\u001b]0;owned\u0007', 'a\u001b[2J\nfaked[0]@1  k  v\u009b\u202e'];
    await withProducer((producer) => producer.send({ topic, messages: [{ key, value, headers: { h: '\u001b[31m' } }] }));
    const { stdout } = await run(['consume', topic, '--show', 'partition,headers']);
    expect(stdout).toBe(`${topic}[0]@0  {"h":"\\u001b[31m"}  \\x1b]0;owned\\x07  a\\x1b[2J\\nfaked[0]@1  k  v\\x9b\\u202e\n`);
    expect(jsonLines((await run(['consume', topic, '--json'])).stdout)).toMatchObject([{ key, value }]);
  });

  it('keys choose the partition as the Java client does; lines of standard input keep their order', async () => {
    const topic = await createTopic('lines', { partitions: 3 });
    const lines = Array.from({ length: 1_200 }, (_, i) => `line ${i}`);
    expect(await run(['send', topic, '-', '-k', 'foobar'], { input: `${lines.join('\n')}\n` })).toMatchObject({
      code: 0,
      stdout: 'sent 1,200 records\n',
    });
    const read = jsonLines((await run(['consume', topic, '--json'])).stdout);
    expect(read.map(({ value }) => value)).toEqual(lines);
    // murmur2("foobar") = -790332482, from the tests of Kafka's own Utils: (-790332482 & 0x7fffffff) % 3 = 2
    expect(new Set(read.map(({ partition }) => partition))).toEqual(new Set([(-790332482 & 0x7fffffff) % 3]));
  });

  it('standard input that is not UTF-8 is refused by its line, and the lines before it are sent', async () => {
    const topic = await createTopic('latin1', { partitions: 1 });
    const input = Buffer.from('one\u2028\r\ntwo\rthree\nfo\u00fcr\nfive\n', 'utf8').toString('binary').replace('\u00c3\u00bc', '\u00fc');
    expect(await run(['send', topic, '-'], { input: Buffer.from(input, 'binary') })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /standard input: line 4 is not UTF-8 from character 3 on \(0xfc\)\n {2}The 3 records before it are sent/,
      ),
    });
    expect(jsonLines((await run(['consume', topic, '--json'])).stdout).map(({ value }) => value)).toEqual(['one\u2028', 'two', 'three']);
  });

  it('through the topics of an app: what does not fit is refused before it leaves, what comes is decoded', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const topic = `${prefix}-orders`;
      const send = (value: string) => run(['send', topic, value, '-k', 'u1', '-A', app], { env });
      expect(await send('{"id":"1","amount":12}')).toMatchObject({ code: 0 });
      expect(await send('{"id":"1"}')).toMatchObject({ code: 1, stderr: expect.stringContaining('amount') });
      expect(await run(['send', topic, '{"id":"1","amount":12}', '-A', app], { env })).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/key: .*\n {2}Give the record a key: -k KEY\./),
      });
      expect(await send('no json')).toMatchObject({ code: 1, stderr: expect.stringContaining('this is not JSON: no json') });
      expect(await run(['send', 'elsewhere', '1', '-A', app], { env })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no such topic'),
      });
      await run(['send', topic, 'raw rubbish', '-k', 'u1']);
      const read = jsonLines((await run(['consume', topic, '-A', app, '--json'], { env })).stdout);
      expect(read.map(({ value }) => value)).toEqual([{ id: '1', amount: 12 }, { error: expect.stringContaining('not JSON') }]);
    });
  });

  it('numbers that JavaScript cannot hold are sent and printed with every digit, or refused', async () => {
    const [exact, nearest] = await Promise.all([createTopic('exact', { partitions: 1 }), createTopic('nearest', { partitions: 1 })]);
    const app = join(import.meta.dirname, 'fixtures', 'exact.ts');
    const env = { EXACT_TOPIC: exact, NEAREST_TOPIC: nearest };
    const value = '{"id":9007199254740993,"n":12345678901234567.89,"ts_ns":1796044123456789123}';
    expect(await run(['send', exact, value, '-A', app], { env })).toMatchObject({ code: 0 });
    expect((await run(['consume', exact, '-A', app], { env })).stdout).toContain(value);
    expect((await run(['consume', exact, '-A', app, '--json'], { env })).stdout).toContain(`"value":${value}`);
    expect(await run(['send', nearest, '{"id":9007199254740993}', '-A', app], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('value: id: the bigint 9007199254740993 cannot be written as JSON: exactJson() writes it'),
    });
  });

  it('as a member of a group: goes on where the group stands', async () => {
    const topic = await createTopic('grouped');
    const group = unique('cli-group');
    await run(['send', topic, '-'], { input: 'a\nb\nc\n' });
    const read = async (...args: string[]) =>
      jsonLines((await run(['consume', topic, '-g', group, '--json', ...args])).stdout).map(({ value }) => value);
    expect(await read('--limit', '2')).toEqual(['a', 'b']);
    expect(await read()).toEqual(['c']);
    expect(await read()).toEqual([]);
  });

  it('follows until a signal comes', async () => {
    const topic = await createTopic('followed');
    await run(['send', topic, 'before']);
    await withStreamer(['consume', topic, '--follow', '--json'], {}, async (streamer) => {
      await streamer.until((stdout) => stdout.includes('before'));
      await run(['send', topic, 'after']);
      await streamer.until((stdout) => stdout.includes('after'));
      const { code, stdout } = await streamer.end('SIGINT');
      expect(code).toBe(0);
      expect(jsonLines(stdout).map(({ value }) => value)).toEqual(['before', 'after']);
    });
  });

  it('ends quietly when its reader goes away', async () => {
    const topic = await createTopic('piped');
    await run(['send', topic, '-'], { input: 'x\n'.repeat(3_000) });
    await withStreamer(['consume', topic], {}, async (streamer) => {
      await streamer.until((stdout) => stdout.length > 0);
      streamer.process.stdout?.destroy();
      expect(await streamer.finished).toMatchObject({ code: 0, stderr: '' });
    });
  });
});
