import { describe, expect, it } from 'vitest';
import { createTopic, unique } from '../helpers/broker.ts';
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

  it('through the topics of an app: what does not fit is refused before it leaves, what comes is decoded', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const topic = `${prefix}-orders`;
      const send = (value: string) => run(['send', topic, value, '-k', 'u1', '-A', app], { env });
      expect(await send('{"id":"1","amount":12}')).toMatchObject({ code: 0 });
      expect(await send('{"id":"1"}')).toMatchObject({ code: 1, stderr: expect.stringContaining('amount') });
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
