import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Partition } from '../../src/broker/catalog/partition.ts';
import { Cluster } from '../../src/broker/cluster.ts';
import { resolveOptions } from '../../src/broker/options.ts';
import { openDiskStorage } from '../../src/broker/storage/disk-storage.ts';
import { Refusal } from '../../src/wire/error-code.ts';
import { readBatch } from '../../src/wire/record-batch.ts';
import { batch } from '../helpers/wire.ts';
import { valuesOf } from './support/batches.ts';
import { type Fault, SimDisk } from './support/sim-disk.ts';

type Action =
  | { readonly type: 'put'; readonly keys: readonly number[]; readonly isTombstone: boolean }
  | { readonly type: 'sync' }
  | { readonly type: 'compact' };

const part = fc.double({ min: 0, max: 1, noNaN: true });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      keys: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
      isTombstone: fc.nat(4).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'sync' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'compact' as const }) },
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('fail' as const), code: fc.constantFrom('ENOSPC' as const, 'EIO' as const), part }),
  fc.record({ kind: fc.constant('crash' as const), part }),
);
const life = fc.record({
  actions: fc.array(action, { minLength: 5, maxLength: 40 }),
  faults: fc.array(fc.tuple(fc.nat(200), fault), { maxLength: 4 }),
  keep: fc.array(part, { minLength: 1, maxLength: 20 }),
});

interface Put {
  readonly key: string;
  readonly value: string | null;
  offset: number | undefined;
}

/** Keys on a broker whose disk fails: what clients were told must be read from any state that a crash leaves. */
class KeyedLog {
  readonly #durability: 'os' | 'fsync';
  readonly #retentionMs: number;
  readonly #puts: Put[] = [];
  #cluster: Cluster | undefined;

  constructor(durability: 'os' | 'fsync', retentionMs: number) {
    this.#durability = durability;
    this.#retentionMs = retentionMs;
  }

  async open(disk: SimDisk): Promise<void> {
    const noLock = async () => ({ release: async () => {} });
    const storage = await openDiskStorage({ folder: '/data', durability: this.#durability, report: () => {} }, disk, noLock);
    this.#cluster = new Cluster(resolveOptions({}), storage);
  }

  async make(): Promise<void> {
    const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '300', 'min.cleanable.dirty.ratio': '0' };
    const entries = Object.entries({ ...configs, 'delete.retention.ms': String(this.#retentionMs) }).map(([name, value]) => ({
      name,
      value,
    }));
    (this.#cluster as Cluster).topics.create({ name: 't', partitions: 1, configs: entries });
    await (this.#cluster as Cluster).journal.flushed();
  }

  async run(action: Action): Promise<void> {
    const { topics } = this.#cluster as Cluster;
    if (action.type === 'compact') return topics.compact(Date.now());
    if (action.type === 'sync') {
      await (this.#partition.log as unknown as { sync(): Promise<void> }).sync().catch(() => {});
      return;
    }
    const puts = action.keys.map((key) => ({
      key: `k${key}`,
      value: action.isTombstone ? null : `v${this.#puts.length}-${key}`,
      offset: undefined,
    }));
    const added: Put[] = puts;
    this.#puts.push(...added);
    try {
      const bytes = batch({ keys: puts.map(({ key }) => key), values: puts.map(({ value }) => value) });
      const { baseOffset, flushed } = this.#partition.append(readBatch(bytes), Date.now());
      await flushed;
      for (const [i, put] of added.entries()) put.offset = baseOffset + i;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // What was refused may be there after a power cut: nothing could take it back in time.
    }
  }

  async close(): Promise<void> {
    await this.#cluster?.close();
  }

  check(): void {
    const { log } = this.#partition;
    const read = this.#readAll();
    const offsets = read.map(({ offset }) => offset);
    expect(offsets, 'offsets rise').toEqual([...new Set(offsets)].sort((a, b) => a - b));
    expect(log.startOffset).toBe(0);
    for (const { offset, key, value, isTombstone } of read) {
      const said = this.#puts.some(
        (put) => put.key === key && put.value === (isTombstone ? null : value) && (put.offset ?? offset) === offset,
      );
      expect(said, `@${offset} ${key}=${value} was sent`).toBe(true);
    }
    const told = this.#puts.filter(({ offset }) => offset !== undefined);
    expect(log.endOffset).toBeGreaterThan(Math.max(-1, ...told.map(({ offset }) => offset as number)));
    for (const key of new Set(told.map((put) => put.key))) {
      const last = told.findLast((put) => put.key === key) as Put;
      const newest = read.findLast((record) => record.key === key);
      if (newest !== undefined && newest.offset > (last.offset as number)) continue;
      if (last.value === null && newest === undefined) continue;
      expect({ key, offset: newest?.offset, value: newest?.isTombstone ? null : newest?.value }).toEqual({
        key,
        offset: last.offset,
        value: last.value,
      });
    }
  }

  #readAll() {
    const { log } = this.#partition;
    const buffers: Buffer[] = [];
    for (let at = log.startOffset; at < log.endOffset; ) {
      const found = log.read(at, 100, true) as readonly Buffer[];
      const last = found.at(-1) as Buffer;
      expect(last, `something can be read at ${at}, before ${log.endOffset}`).toBeDefined();
      buffers.push(...found);
      at = Number(last.readBigInt64BE(0)) + last.readInt32BE(23) + 1;
    }
    return valuesOf(buffers);
  }

  get #partition(): Partition {
    return (this.#cluster as Cluster).topics.partition('t', 0);
  }
}

it.each([
  { durability: 'os', mode: 'kill', retentionMs: 86_400_000 },
  { durability: 'os', mode: 'kill', retentionMs: 0 },
  { durability: 'fsync', mode: 'power', retentionMs: 0 },
] as const)(
  'with durability $durability, after a $mode, tombstones kept for $retentionMs ms, the newest of each key is there',
  async ({ durability, mode, retentionMs }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
        let disk = new SimDisk();
        const log = new KeyedLog(durability, retentionMs);
        await log.open(disk);
        await log.make();
        for (const { actions, faults, keep } of lives) {
          for (const [call, one] of faults) disk.faults.set(disk.calls + call, one);
          for (const one of actions) {
            if (disk.isCrashed) break;
            await log.run(one);
            if (disk.isCrashed) break;
            disk.isCalm = true;
            log.check();
            disk.isCalm = false;
          }
          let draws = 0;
          const next = disk.reopen(mode, (n) => Math.floor((keep[draws++ % keep.length] as number) * (n + 1)));
          await log.close();
          disk = next;
          await log.open(disk);
          log.check();
        }
        await log.close();
      }),
      { numRuns: Number(process.env.DISK_RUNS ?? 40), seed: Number(process.env.DISK_SEED ?? 20261122) },
    );
  },
);
