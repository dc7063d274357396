import { each, string } from 'streamerjs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { kafkajs } from '../../../src/kafka/index.ts';
import { testAppOf } from '../../helpers/app.ts';
import { brokers } from '../../helpers/broker.ts';
import { changelogOf } from '../support/changelog.ts';
import { type CountingApp, type CountingOptions, countingApp } from '../support/counting.ts';

const running: CountingApp[] = [];
const client = kafkajs({ clientId: 'moved', brokers: brokers() });
afterEach(async () => {
  for (const { app } of running.splice(0)) await app.stop();
});
afterAll(() => client.close());

function counting(options: CountingOptions = {}): CountingApp {
  const made = countingApp({ partitions: 1, ...options });
  running.push(made);
  return made;
}

/** A worker has counted two events of key `a` and stopped. */
async function counted(options: CountingOptions = {}): Promise<CountingApp> {
  const first = counting(options);
  await first.start();
  await first.send('a', 'a');
  await first.handles(2);
  await first.app.stop();
  return first;
}

const again = ({ id, topic }: CountingApp, options: CountingOptions = {}) => counting({ id, topic, ...options });

describe('offsets that were moved by something else', () => {
  it('stop the worker, which says what differs and what to do', async () => {
    const first = await counted();
    await (await client.admin()).setGroupOffsets(first.id, [{ topic: first.topic, partition: 0, offset: 0 }]);
    const refusal = {
      code: 'REFUSED',
      message: expect.stringMatching(/do not belong together: cut 0 of table "counts".*the changelog has cut 1/),
      next: expect.stringContaining('streamer reset'),
      place: { topic: first.topic, partition: 0 },
    };
    for (let start = 0; start < 2; start++) {
      const worker = await again(first).start();
      await expect(worker.stopped).rejects.toMatchObject(refusal);
    }
    expect(await changelogOf(`${first.id}-counts-changelog`)).toEqual(new Map([['a', 2]]));
  });

  it('leave the tables as they are when told so, and are those of the tables afterwards', async () => {
    const first = await counted();
    await (await client.admin()).setGroupOffsets(first.id, [{ topic: first.topic, partition: 0, offset: 1 }]);
    const second = again(first, { onOffsetsMoved: 'keepState' });
    await second.start();
    await second.handles(1);
    expect(second.seen).toEqual(new Map([['a', 3]]));
    await second.app.stop();
    const third = again(first);
    await third.start();
    await third.send('a');
    await third.handles(1);
    expect([third.seen, third.handled]).toEqual([new Map([['a', 4]]), ['0@2']]);
  });

  it('are noticed when they have expired', async () => {
    const first = await counted();
    await (await client.admin()).deleteGroups([first.id]);
    const worker = await again(first).start();
    await expect(worker.stopped).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('the changelog has cut 1') });
  });

  it('are noticed when the topic was created again', async () => {
    const first = await counted();
    const admin = await client.admin();
    await admin.deleteTopics([first.topic]);
    await expect.poll(async () => (await admin.listTopics()).includes(first.topic), { timeout: 10_000 }).toBe(false);
    const second = again(first);
    const stopped = second.start().then((worker) => worker.stopped);
    await expect(stopped).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('do not belong together') });
  });
});

describe('a worker that is not like the one before', () => {
  it('is refused when it lacks the table', async () => {
    const first = await counted();
    const app = testAppOf('plain', { id: first.id });
    const items = app.topic(first.topic, { key: string(), value: string(), partitions: 1 });
    app.agent(
      'count',
      items,
      each(() => {}),
    );
    const stopped = (async () => (await app.start()).stopped)();
    await expect(stopped).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('feeds table "counts"') });
    await app.stop();
  });

  it('is refused when an agent has another name and something was finished ahead, until it says which', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = counting({ drainTimeoutMs: 300, handle: (_key, offset) => (offset === 0 ? released : undefined) });
    await first.start();
    await first.send('a');
    await first.handles(1);
    await first.send('b', 'b');
    await first.handles(3);
    await first.app.stop();
    release();
    const renamed = again(first, { agent: 'counter' });
    await expect((async () => (await renamed.start()).stopped)()).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('agent "count" has finished events ahead'),
      next: expect.stringContaining("renamedFrom: 'count'"),
    });
    const told = again(first, { agent: 'counter', renamedFrom: 'count' });
    await told.start();
    await told.handles(1);
    await told.send('b');
    await told.handles(2);
    expect([told.seen, told.handled]).toEqual([
      new Map([
        ['a', 1],
        ['b', 3],
      ]),
      ['0@0', '0@3'],
    ]);
  });

  it('may have another name when nothing was finished ahead', async () => {
    const first = await counted();
    const renamed = again(first, { agent: 'counter' });
    await renamed.start();
    await renamed.send('a');
    await renamed.handles(1);
    expect(renamed.seen).toEqual(new Map([['a', 3]]));
  });
});
