import { afterEach, describe, expect, it } from 'vitest';
import { deadLetter, each, forward } from '../../src/index.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { createTopic, readAll } from '../helpers/broker.ts';
import { batch, type HeaderField, headerBytes, Wire } from '../helpers/wire.ts';

/** What an object of headers would lose: order, names like numbers, `__proto__`, values that are missing. */
const ODD: readonly HeaderField[] = [
  ['trace', Buffer.from([0, 255, 128])],
  ['2', Buffer.from('two')],
  ['1', Buffer.from('one')],
  ['tag', Buffer.from('first')],
  ['__proto__', Buffer.from('plain')],
  ['tag', Buffer.from('second')],
  ['none', null],
  ['empty', Buffer.alloc(0)],
  ['', Buffer.from('no name')],
  ['größe', Buffer.from('ß')],
  ['tag', Buffer.from('first')],
];
const PLAIN: readonly HeaderField[] = [
  ['a', Buffer.from([1])],
  ['b', Buffer.from([2])],
  ['b', Buffer.from([3])],
];
const KEYS = ['k', null, 'gone', ''];
const VALUES = ['v', 'w', null, ''];
const TIMESTAMP = 1_500_000_000_123;

const open: Wire[] = [];
afterEach(() => {
  for (const wire of open.splice(0)) wire.close();
});

async function leader(topic: string): Promise<Wire> {
  const wire = await Wire.toLeader(topic);
  open.push(wire);
  return wire;
}

async function write(topic: string, headers: readonly HeaderField[]): Promise<void> {
  const records = [batch({ values: VALUES, keys: KEYS, timestamp: TIMESTAMP, headers })];
  const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topics: [{ name: topic, partitions: [{ index: 0, records }] }] };
  const answer = await (await leader(topic)).send(produce, 7, request);
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(0);
}

/** How often these very bytes stand in the log of the topic. */
async function timesIn(topic: string, bytes: Buffer): Promise<number> {
  const asked = { topics: [{ name: topic, partitions: [{ index: 0, fetchOffset: 0, maxBytes: 1_000_000 }] }], forgotten: [], rackId: '' };
  const common = { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 10_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const { topics } = await (await leader(topic)).send(fetch, 11, { ...common, ...asked });
  const log = Buffer.concat(topics[0]?.partitions[0]?.records ?? []);
  let count = 0;
  for (let at = log.indexOf(bytes); at >= 0; at = log.indexOf(bytes, at + 1)) count++;
  return count;
}

describe.each([
  ['odd', ODD],
  ['plain', PLAIN],
])('records with %s headers', (_, headers) => {
  it('go through forward, sinks and dead letters as they came, with keys, tombstones and times', async () => {
    const from = await createTopic('exact-in');
    const app = testAppOf('exact');
    const source = app.topic(from, { tombstones: 'deliver' });
    const forwarded = app.topic(await createTopic('exact-forward'), { tombstones: 'deliver' });
    const sent = app.topic(await createTopic('exact-send'), { tombstones: 'deliver' });
    app.agent('forward', source, forward(), { to: forwarded });
    app.agent(
      'send',
      source,
      each(async (value, event) => {
        const { key, timestamp, headers: own } = event;
        await sent.send({ key, value, timestamp, headers: own });
      }),
      { order: 'partition' },
    );
    app.agent(
      'fail',
      source,
      each(() => {
        throw new Error('no');
      }),
      { onError: deadLetter(), order: 'partition' },
    );
    await write(from, headers);
    const worker = await started(app);
    try {
      await until(
        () => worker.stats().events + worker.stats().deadLettered,
        (count) => count === VALUES.length * 2,
      );
      await until(
        () => worker.positions()[0]?.offset,
        (offset) => offset === VALUES.length,
      );
    } finally {
      await app.stop();
    }
    const section = Buffer.concat([Buffer.from([headers.length * 2]), headerBytes(headers)]);
    expect(await timesIn(from, section)).toBe(4);
    expect(await timesIn(forwarded.name, section)).toBe(4);
    expect(await timesIn(sent.name, section)).toBe(4);
    expect(await timesIn(`${from}.${app.id}.dlq`, headerBytes(headers))).toBe(4);
    for (const topic of [forwarded.name, sent.name]) {
      const records = (await readAll(topic)).map(({ key, value, timestamp }) => [
        key?.toString() ?? null,
        value?.toString() ?? null,
        timestamp,
      ]);
      const expected = KEYS.map((key, index) => [key, VALUES[index], String(TIMESTAMP)]);
      expect(records.sort()).toEqual(expected.sort());
    }
  });
});
