import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkajs } from '../../../src/kafka/index.ts';
import type { Api } from '../../../src/wire/api.ts';
import { produce } from '../../../src/wire/apis/data.ts';
import { joinGroup } from '../../../src/wire/apis/group.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../../src/wire/apis/transaction.ts';
import { brokers } from '../../helpers/broker.ts';
import { type Effect, StagedProxy } from '../../helpers/staged-proxy.ts';
import { changelogOf } from '../support/changelog.ts';
import { type CountingApp, type CountingOptions, countingApp } from '../support/counting.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const running: CountingApp[] = [];
const direct = kafkajs({ clientId: 'fencing', brokers: brokers() });
let proxy: StagedProxy;

beforeAll(async () => {
  proxy = await StagedProxy.start();
});
afterEach(async () => {
  proxy.clear();
  for (const { app } of running.splice(0)) await app.stop();
});
afterAll(async () => {
  await direct.close();
  await proxy.close();
});

function counting(options: CountingOptions = {}): CountingApp {
  const made = countingApp({ brokers: proxy.brokers, ...options });
  running.push(made);
  return made;
}

const all = (count: number) => new Map(KEYS.map((key) => [key, count]));

/** Stops the worker, and has another one count once more: restored from what was committed. */
async function expectExact(app: CountingApp, count: number): Promise<void> {
  expect(await app.app.stop()).toBeUndefined();
  expect(await changelogOf(`${app.id}-counts-changelog`)).toEqual(all(count));
  const next = counting({ id: app.id, topic: app.topic });
  await next.start();
  await next.send(...KEYS);
  await next.handles(KEYS.length);
  expect(next.seen).toEqual(all(count + 1));
  expect(next.handled.length).toBe(KEYS.length);
}

const TRANSACTION: readonly Api[] = [addPartitionsToTxn, produce, addOffsetsToTxn, txnOffsetCommit, endTxn];
const EFFECTS: ReadonlyArray<readonly [name: string, effect: Effect]> = [
  ['cut off before', 'cut before'],
  ['cut off after', 'cut after'],
  ['aborted', { error: 'INVALID_TXN_STATE' }],
  ['fenced', { error: 'INVALID_PRODUCER_EPOCH' }],
];
const STAGED = TRANSACTION.flatMap((api) =>
  EFFECTS.map(([name, effect]): [name: string, api: Api, effect: Effect] => [`${api.name} is ${name}`, api, effect]),
);

describe('every event is counted once', () => {
  it.each(STAGED)('though %s', async (_, api, effect) => {
    const app = counting();
    await app.start();
    await app.send(...KEYS);
    await app.handles(KEYS.length);
    const played = proxy.stage({ api, effect, times: 2 });
    await app.send(...KEYS, ...KEYS);
    await app.handles(3 * KEYS.length);
    await played;
    await app.send(...KEYS);
    await app.handles(4 * KEYS.length);
    expect(app.seen).toEqual(all(4));
    // Written again with the same cut: nothing was done twice.
    expect(app.handled.length).toBe(4 * KEYS.length);
    await expectExact(app, 4);
  });

  it.each(TRANSACTION.map((api) => [api.name, api] as const))('though a successor fences the worker before %s', async (_, api) => {
    const app = counting();
    const worker = await app.start();
    const aborted: unknown[] = [];
    worker.on('aborted', ({ outcome }) => aborted.push(outcome));
    await app.send(...KEYS);
    await app.handles(KEYS.length);
    const [id = ''] = await transactionalIdsOf(app);
    const played = proxy.stage({ api, effect: 'pass', before: () => direct.fence(id) });
    await app.send(...KEYS);
    await app.handles(2 * KEYS.length);
    await played;
    await expect.poll(() => aborted).toEqual(['aborted']);
    expect(app.handled.length).toBe(2 * KEYS.length);
    await expectExact(app, 2);
  });
});

describe('a broker without transactions', () => {
  it('is refused before the worker joins its group', async () => {
    const app = counting();
    const played = proxy.stage({ api: initProducerId, effect: { error: 'UNSUPPORTED_VERSION' } });
    const from = proxy.seen.length;
    await expect(app.start()).rejects.toMatchObject({ code: 'KAFKA', kafkaCode: 'UNSUPPORTED_VERSION' });
    await played;
    expect(proxy.seen.slice(from)).not.toContain(joinGroup.key);
  });
});

/** Of the worker: its commits name it. */
async function transactionalIdsOf({ id, topic }: CountingApp): Promise<string[]> {
  const admin = await direct.admin();
  const commits = await admin.groupOffsets(id, [topic]);
  return [...new Set(commits.map(({ metadata }) => metadata?.split(';')[2] ?? ''))];
}
