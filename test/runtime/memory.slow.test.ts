import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { string } from 'streamerjs';
import { expect, it } from 'vitest';
import { withStreamer } from '../cli/helpers.ts';
import { createTopicsOf, testAppOf } from '../helpers/app.ts';
import { unique, withAdmin } from '../helpers/broker.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/slow.ts', import.meta.url));
const RECORDS = 20_000;
const BYTES = 10_000;

/** The most memory that a process has had resident so far, in MB. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

it.runIf(process.platform === 'linux')(
  'holds a backlog of 200 MB with a slow agent in less than 250 MB',
  async () => {
    const [id, topic] = [unique('slow'), unique('backlog')];
    const app = testAppOf('slow', { id });
    const source = app.topic(topic, { key: string(), value: string(), partitions: 2 });
    app.agent('slow', source, async () => {});
    try {
      await createTopicsOf(app);
      const value = 'x'.repeat(BYTES);
      for (let n = 0; n < RECORDS; n += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, i) => source.send({ key: `k${n + i}`, value })));
      }
      await withStreamer(['worker', '-A', FIXTURE, '--json'], { env: { SLOW_ID: id, SLOW_TOPIC: topic } }, async (worker) => {
        await worker.untilEvent('ready');
        // Two events are done every 10 ms: by the 800th everything would have been fetched, if nothing held it back.
        await worker.until(() => worker.events.find(({ event, events }) => event === 'progress' && Number(events) >= 2_000), 30_000);
        expect(await peakMemory(worker.process.pid!)).toBeLessThan(250);
        expect((await worker.end('SIGTERM')).code).toBe(0);
      });
    } finally {
      await app.stop();
      await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    }
  },
  60_000,
);
