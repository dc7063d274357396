import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { freePort, run, withFolder, withStreamer } from './helpers.ts';

/** Node writes what it has run into that folder at its end. */
async function modulesIn(coverage: string): Promise<string[]> {
  const texts = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')));
  return texts.flatMap((text) => (JSON.parse(text) as { result: ReadonlyArray<{ url: string }> }).result.map(({ url }) => url));
}

describe('streamer broker', () => {
  it('says when it is ready, serves any Kafka client, and ends in order at a signal', async () => {
    const port = await freePort();
    await withStreamer(['broker', '--port', String(port), '--json'], {}, async (broker) => {
      const ready = await broker.untilEvent('ready');
      expect(ready).toMatchObject({ address: `127.0.0.1:${port}`, ports: [port], pid: broker.process.pid });
      const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      expect(await admin.listTopics()).toEqual([]);
      await admin.disconnect();
      expect(await broker.end()).toMatchObject({ code: 0 });
      expect(broker.events.at(-1)).toEqual({ event: 'stopped' });
    });
  });

  it('a port in use ends with 2, and says which', async () => {
    await withStreamer(['broker', '--port', '0', '--json'], {}, async (first) => {
      const { ports } = (await first.untilEvent('ready')) as { ports: number[] };
      const { code, stdout, stderr } = await run(['broker', '--port', String(ports[0])]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(String(ports[0]));
    });
  });

  it('topics are made by use only when asked for', async () => {
    await withStreamer(['broker', '--port', '0', '--json', '--auto-create-topics'], {}, async (broker) => {
      const { address } = (await broker.untilEvent('ready')) as { address: string };
      const producer = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer({ allowAutoTopicCreation: true });
      await producer.connect();
      expect(await producer.send({ topic: 'made-by-use', messages: [{ value: 'x' }] })).toMatchObject([
        { topicName: 'made-by-use', errorCode: 0 },
      ]);
      await producer.disconnect();
    });
  });

  it('waits for no module that it does not need', async () => {
    await withFolder(async (folder) => {
      await withStreamer(['broker', '--port', '0', '--json'], { env: { NODE_V8_COVERAGE: folder } }, async (broker) => {
        await broker.untilEvent('ready');
        await broker.end();
      });
      const modules = await modulesIn(folder);
      expect(modules.some((url) => url.endsWith('/src/broker/broker.js'))).toBe(true);
      const others =
        /node_modules\/(?!commander\/)|src\/(?!broker\/|wire\/|options\/|cli\/|observe\/(format|printable)|errors)|cli\/commands\/(?!broker)|disk-storage/;
      expect(modules.filter((url) => others.test(url))).toEqual([]);
    });
  });
});
