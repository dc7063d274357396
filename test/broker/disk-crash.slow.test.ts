import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, SimDisk } from './support/sim-disk.ts';
import { type Action, StorageModel } from './support/storage-model.ts';

const topic = fc.nat(1);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('create' as const),
      topic,
      partitions: fc.integer({ min: 1, max: 2 }),
      segmentBytes: fc.constantFrom(150, 400, 100_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('grow' as const), topic }) },
  {
    weight: 12,
    arbitrary: fc.record({ type: fc.constant('produce' as const), topic, producer: fc.nat(3), records: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('commit' as const), topic, group: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete-records' as const), topic, at: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('retain' as const), topic, bytes: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'sync' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'settle' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('fail' as const),
    code: fc.constantFrom('ENOSPC' as const, 'EIO' as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('short' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('crash' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
const faults = fc.array(fc.tuple(fc.nat(250), fault), { maxLength: 8 });

const life = fc.record({
  actions: fc.array(action, { maxLength: 40 }),
  faults,
  keep: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
});

const kill = fc.constant('kill' as const);
const powerCut = fc.constant('power' as const);

describe.each([
  { durability: 'os', after: 'kills', crash: kill, keepsPromises: true },
  { durability: 'fsync', after: 'kills and power cuts', crash: fc.oneof(kill, powerCut), keepsPromises: true },
  { durability: 'os', after: 'kills and power cuts', crash: fc.oneof(kill, powerCut), keepsPromises: false },
] as const)('a data folder with durability $durability, after $after', ({ durability, crash, keepsPromises }) => {
  it(keepsPromises ? 'has all that was acknowledged, once and in order, and nothing else' : 'has nothing that was not sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(life, crash), { minLength: 1, maxLength: 3 }), async (lives) => {
        let disk = new SimDisk();
        const model = new StorageModel(durability, keepsPromises, disk);
        for (const [{ actions, faults: struck, keep }, mode] of lives) {
          for (const [call, one] of struck) disk.faults.set(disk.calls + call, one);
          const isOpen = await model.open(disk);
          for (const one of actions) {
            if (model.isCrashed || !isOpen) break;
            await model.run(one);
          }
          let draws = 0;
          const next = disk.reopen(mode, (n) => Math.floor((keep[draws++ % keep.length] as number) * (n + 1)));
          await model.close();
          disk = next;
          expect(await model.open(disk)).toBe(true);
          model.check();
          if (keepsPromises) await model.finish();
          await model.close();
        }
      }),
      { numRuns: Number(process.env.DISK_RUNS ?? 250), seed: Number(process.env.DISK_SEED ?? 20261122) },
    );
  });
});
