import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { fetch, listOffsets, produce } from '../../src/wire/apis/data.ts';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { COMPRESSIONS, type CompressionName, compressionNumber } from '../../src/wire/compression/compression.ts';
import { HEADER_BYTES, readHeader } from '../../src/wire/record-batch.ts';
import { compressBatch, openRecords } from '../../src/wire/records.ts';
import { batchesOf, valuesOf } from '../broker/support/batches.ts';
import { client, createTopic, unique } from '../helpers/broker.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';

const MINUTE = 60_000;
/** The embedded broker looks every 15 s, as Apache Kafka does (`log.cleaner.backoff.ms`). */
const ROUND_MS = 15_000;
const ROUNDS_MS = 60_000;

type Records = Readonly<Record<string, string | null>>;

/**
 * A compacted topic with segments of a minute. Records say their time, so that nothing needs to be waited for but the cleaner.
 */
class Log {
  readonly topic: string;
  readonly #wire: Wire;
  #time = Date.now();

  private constructor(topic: string, wire: Wire) {
    this.topic = topic;
    this.#wire = wire;
  }

  static async make(configs: Readonly<Record<string, string>> = {}): Promise<Log> {
    const all = { 'cleanup.policy': 'compact', 'segment.ms': String(MINUTE), 'min.cleanable.dirty.ratio': '0', ...configs };
    const topic = await createTopic('compacted', { configs: all });
    return new Log(topic, await Wire.toLeader(topic));
  }

  async put(records: Records, compression: CompressionName = 'none'): Promise<void> {
    const bytes = batch({ keys: Object.keys(records), values: Object.values(records), timestamp: this.#time });
    const topics = [{ name: this.topic, partitions: [{ index: 0, records: [compressBatch(bytes, compressionNumber(compression))] }] }];
    expect(errorCodes(await this.#wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 5000, topics }))).toEqual([0]);
  }

  /** What is written from here on is in a new segment; the cleaner may look at all before it. */
  async roll(): Promise<void> {
    this.#time += MINUTE + 1_000;
    await this.put({ filler: 'x' });
  }

  /** @param end undefined leaves it open. @returns ends it */
  async transact(records: Records, end?: 'commit' | 'abort'): Promise<() => Promise<void>> {
    const transactionTimeout = 10 * MINUTE;
    const producer = client().producer({
      transactionalId: unique('compaction'),
      transactionTimeout,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    const messages = Object.entries(records).map(([key, value]) => ({ key, value, partition: 0, timestamp: String(this.#time) }));
    await transaction.send({ topic: this.topic, messages });
    const finish = async (how: 'commit' | 'abort'): Promise<void> => {
      await transaction[how]();
      await producer.disconnect();
      // Kafka answers before the marker stands.
      await vi.waitUntil(async () => (await this.#offset(-1, 1)) === (await this.#offset(-1)), { timeout: 10_000 });
    };
    if (end !== undefined) await finish(end);
    return () => finish('commit');
  }

  /** All that can be read, as `offset key=value`, `offset key!` for a tombstone, `offset commit` or `offset abort`. */
  async read(from = 0): Promise<string[]> {
    const end = await this.#offset(-1);
    const found: string[] = [];
    // Kafka answers no more than what is in one segment.
    for (let at = from; at < end; ) {
      const batches = await this.#fetch(at);
      if (batches.length === 0) break;
      found.push(...batches.flatMap(recordsOf));
      at = endOf(batches.at(-1)!);
    }
    return found;
  }

  async #fetch(fetchOffset: number): Promise<Buffer[]> {
    const limits = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, isolationLevel: 0 };
    const topics = [{ name: this.topic, partitions: [{ index: 0, fetchOffset, maxBytes: 1_000_000 }] }];
    const answer = await this.#wire.send(fetch, 11, { ...limits, topics });
    const bytes = Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []);
    const batches: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += batches.at(-1)!.length) batches.push(bytes.subarray(at, at + bytes.readInt32BE(at + 8) + 12));
    return batches;
  }

  /** First and next offset. */
  async bounds(): Promise<number[]> {
    return [await this.#offset(-2), await this.#offset(-1)];
  }

  close(): void {
    this.#wire.close();
  }

  async #offset(timestamp: number, isolationLevel = 0): Promise<number> {
    const topics = [{ name: this.topic, partitions: [{ index: 0, currentLeaderEpoch: -1, timestamp }] }];
    const answer = await this.#wire.send(listOffsets, 4, { replicaId: -1, isolationLevel, topics });
    return answer.topics[0]?.partitions[0]?.offset ?? -1;
  }
}

function recordsOf(bytes: Buffer): string[] {
  const plain = Buffer.concat([bytes.subarray(0, HEADER_BYTES), openRecords({ bytes, ...readHeader(bytes) })]);
  plain.writeInt32BE(plain.length - 12, 8);
  const [one] = batchesOf([plain]);
  if (one?.commits !== undefined) return [`${one.baseOffset} ${one.commits ? 'commit' : 'abort'}`];
  return valuesOf([plain]).map(({ offset, key, value, isTombstone }) => `${offset} ${key}${isTombstone ? '!' : `=${value}`}`);
}

function endOf(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(0)) + bytes.readInt32BE(23) + 1;
}

interface Scenario {
  readonly configs?: Readonly<Record<string, string>>;
  readonly play: (log: Log) => Promise<unknown>;
  /** What is left of it, but for markers: when those go depends on what a broker remembers of producers. */
  readonly left: readonly string[];
  readonly goOn?: (log: Log) => Promise<unknown>;
  readonly leftThen?: readonly string[];
}

const ends: Array<() => Promise<void>> = [];

/** Batches lose records, and tombstones go, however they are compressed. */
function compacting(compression: CompressionName): Scenario {
  return {
    configs: { 'delete.retention.ms': '0' },
    play: async (log) => {
      await log.put({ a: '1', b: '1', c: '1' }, compression);
      await log.put({ a: '2', d: null }, compression);
      await log.put({ b: '2', c: null }, compression);
      await log.roll();
    },
    left: ['3 a=2', '4 d!', '5 b=2', '6 c!', '7 filler=x'],
    goOn: (log) => log.roll(),
    leftThen: ['3 a=2', '5 b=2', '7 filler=x', '8 filler=x'],
  };
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(COMPRESSIONS.map((name) => [`batches of ${name} are cleaned`, compacting(name)])),
  'the newest record of each key stays at its offset, and all of the newest segment': {
    play: async (log) => {
      await log.put({ a: '1', b: '1', c: '1' });
      await log.put({ a: '2' });
      await log.put({ b: '2' }, 'gzip');
      await log.put({ d: '1', c: '2' }, 'gzip');
      await log.put({ d: '2' });
      await log.roll();
      await log.put({ c: '3' });
    },
    left: ['3 a=2', '4 b=2', '6 c=2', '7 d=2', '8 filler=x', '9 c=3'],
    goOn: (log) => log.roll(),
    leftThen: ['3 a=2', '4 b=2', '7 d=2', '8 filler=x', '9 c=3', '10 filler=x'],
  },
  'a segment of which nothing stays is passed over': {
    play: async (log) => {
      for (const value of '1234') await log.put({ a: value });
      await log.roll();
      await log.put({ a: '5' });
      await log.roll();
    },
    left: ['4 filler=x', '5 a=5', '6 filler=x'],
  },
  'a tombstone stays when it is first seen, and goes after delete.retention.ms': {
    configs: { 'delete.retention.ms': '0' },
    play: async (log) => {
      await log.put({ a: '1', b: '1' });
      await log.put({ a: null });
      await log.put({ never: null });
      await log.roll();
    },
    left: ['1 b=1', '2 a!', '3 never!', '4 filler=x'],
    goOn: (log) => log.roll(),
    leftThen: ['1 b=1', '4 filler=x', '5 filler=x'],
  },
  'a tombstone stays for delete.retention.ms': {
    play: async (log) => {
      await log.put({ a: '1', b: '1' });
      await log.put({ a: null }, 'gzip');
      await log.roll();
    },
    left: ['1 b=1', '2 a!', '3 filler=x'],
    goOn: (log) => log.roll(),
    leftThen: ['1 b=1', '2 a!', '3 filler=x', '4 filler=x'],
  },
  'records of aborted transactions go, and supersede nothing': {
    play: async (log) => {
      await log.put({ a: '1', b: '1' });
      await log.transact({ a: 'aborted', n: 'aborted' }, 'abort');
      await log.transact({ b: '2', c: '1' }, 'commit');
      await log.transact({ c: '2' }, 'commit');
      await log.roll();
    },
    left: ['0 a=1', '5 b=2', '8 c=2', '10 filler=x'],
  },
  'nothing is touched from the first record of an open transaction on': {
    play: async (log) => {
      await log.put({ a: '1' });
      await log.put({ a: '2' });
      await log.roll();
      ends.push(await log.transact({ a: '3' }));
      await log.put({ b: '1' });
      await log.put({ b: '2' });
      await log.roll();
      await log.roll();
    },
    left: ['1 a=2', '2 filler=x', '3 a=3', '4 b=1', '5 b=2', '6 filler=x', '7 filler=x'],
    goOn: async (log) => {
      await ends.pop()?.();
      await log.roll();
    },
    leftThen: ['3 a=3', '5 b=2', '7 filler=x', '9 filler=x'],
  },
  'what is younger than min.compaction.lag.ms stays': {
    configs: { 'min.compaction.lag.ms': String(60 * MINUTE) },
    play: async (log) => {
      await log.put({ a: '1' });
      await log.put({ a: '2' });
      await log.roll();
    },
    left: ['0 a=1', '1 a=2', '2 filler=x'],
  },
  'what is not worth the work stays': {
    configs: { 'min.cleanable.dirty.ratio': '0.9' },
    play: async (log) => {
      await log.put({ a: '1', big: 'x'.repeat(3000) });
      await log.roll();
    },
    left: ['0 a=1', `1 big=${'x'.repeat(3000)}`, '2 filler=x'],
    goOn: async (log) => {
      await log.put({ a: '2' });
      await log.roll();
    },
    leftThen: ['0 a=1', `1 big=${'x'.repeat(3000)}`, '2 filler=x', '3 a=2', '4 filler=x'],
  },
};

const isRecord = (text: string): boolean => !/ (commit|abort)$/.test(text);

/** All scenarios share the rounds of the cleaner. */
describe('of a compacted topic', () => {
  const logs = new Map<string, Log>();
  const given = process.env.TEST_BROKERS;
  let own: Broker | undefined;

  beforeAll(async () => {
    await loadCodecs();
    // Nobody waits for the rounds of a broker that goes by a clock of the test.
    if (process.env.KAFKA_BROKERS === undefined) own = await startBroker({ clock: 'manual' });
    if (own !== undefined) process.env.TEST_BROKERS = own.address;
    for (const [name, { configs, play }] of Object.entries(SCENARIOS)) {
      const log = await Log.make(configs);
      logs.set(name, log);
      await play(log);
    }
  }, 60_000);

  afterAll(async () => {
    for (const end of ends) await end();
    for (const log of logs.values()) log.close();
    process.env.TEST_BROKERS = given;
    await own?.close();
  });

  async function expectLeft(which: (scenario: Scenario) => readonly string[]): Promise<void> {
    await own?.advance(ROUND_MS);
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      const read = async () => (await logs.get(name)!.read()).filter(isRecord);
      await expect.poll(read, { timeout: ROUNDS_MS, interval: 500, message: name }).toEqual(which(scenario));
    }
  }

  it('what is left after a round', () => expectLeft(({ left }) => left), 2 * ROUNDS_MS);

  it(
    'what is left after another',
    async () => {
      for (const [name, { goOn }] of Object.entries(SCENARIOS)) await goOn?.(logs.get(name)!);
      await expectLeft(({ left, leftThen = left }) => leftThen);
    },
    2 * ROUNDS_MS,
  );

  it('offsets stay as they were, and those that are gone lead to the next', async () => {
    const log = logs.get('a segment of which nothing stays is passed over')!;
    expect(await log.bounds()).toEqual([0, 7]);
    for (const from of [0, 3, 4]) expect(await log.read(from)).toEqual(['4 filler=x', '5 a=5', '6 filler=x']);
    expect(await log.read(5)).toEqual(['5 a=5', '6 filler=x']);
  });
});
