import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { freePort, run, withStreamer } from './helpers.ts';

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
});
