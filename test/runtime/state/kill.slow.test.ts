import { json, string } from 'streamerjs';
import { expect, it } from 'vitest';
import { decodeChangelogValue, isCutKey } from '../../../src/tables/index.ts';
import { fixture, run, withStreamer } from '../../cli/helpers.ts';
import { testAppOf, until } from '../../helpers/app.ts';
import { readAll, unique } from '../../helpers/broker.ts';

const APP = fixture('state.ts');
const EVENTS = 3_000;
const KILLS = 5;

interface Sum {
  readonly count: number;
  readonly hash: number;
}

async function tableOf(changelog: string): Promise<Record<string, Sum>> {
  const entries = new Map<string, Sum>();
  for (const { key, value } of await readAll(changelog)) {
    if (key === null || value === null || isCutKey(key)) continue;
    entries.set(String(key), JSON.parse(String(decodeChangelogValue(value).value)));
  }
  return Object.fromEntries([...entries].sort());
}

it('what events make of a table is exact, though workers are killed while they work', async () => {
  const prefix = unique('killed');
  const env = { STATE_PREFIX: prefix };
  expect((await run(['topics', 'create', '-A', APP], { env })).code).toBe(0);
  const app = testAppOf('killer');
  const items = app.topic(`${prefix}-items`, { key: string(), value: json(), partitions: 4 });
  try {
    const expected: Record<string, Sum> = {};
    let n = 0;
    const send = async () => {
      for (const end = n + EVENTS / (KILLS + 1); n < end; n++) {
        const key = `k${(n * 7) % 23}`;
        const old = expected[key] ?? { count: 0, hash: 7 };
        expected[key] = { count: old.count + 1, hash: (old.hash * 31 + n) % 1_000_003 };
        const sent = items.send({ key, value: { n } });
        if (n % 20 === 0) await sent;
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      await withStreamer(['worker', '-A', APP, '--json'], { env }, async (worker) => {
        await worker.untilEvent('ready');
        const sending = send();
        await worker.untilEvent('progress', ({ events }) => Number(events) > 50);
        await worker.end('SIGKILL');
        await sending;
      });
    }
    await send();
    await withStreamer(['worker', '-A', APP, '--json'], { env }, async (worker) => {
      await until(
        () => tableOf(`${prefix}-sums-changelog`),
        (table) => Object.values(table).reduce((sum, { count }) => sum + count, 0) >= EVENTS,
        60_000,
      );
      expect(await worker.end()).toMatchObject({ code: 0 });
    });
    expect(await tableOf(`${prefix}-sums-changelog`)).toEqual(Object.fromEntries(Object.entries(expected).sort()));
  } finally {
    await app.stop();
    await run(['topics', 'delete', '-A', APP, '--yes'], { env });
  }
}, 180_000);
