import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Fault, SimDisk } from './support/sim-disk.ts';
import { type TransactionAction, TransactionModel } from './support/transaction-model.ts';

const writer = fc.nat(1);
const action: fc.Arbitrary<TransactionAction> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('send' as const), writer, partition: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('offset' as const), writer }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('end' as const), writer, isCommit: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('init' as const), writer }) },
  { weight: 1, arbitrary: fc.constant({ type: 'sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
);
const part = fc.double({ min: 0, max: 1, noNaN: true });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('fail' as const), code: fc.constantFrom('ENOSPC' as const, 'EIO' as const), part }),
  fc.record({ kind: fc.constant('crash' as const), part }),
);
const life = fc.record({
  actions: fc.array(action, { minLength: 5, maxLength: 30 }),
  faults: fc.array(fc.tuple(fc.nat(150), fault), { maxLength: 4 }),
  keep: fc.array(part, { minLength: 1, maxLength: 20 }),
});

it.each([
  { durability: 'os', mode: 'kill' },
  { durability: 'fsync', mode: 'kill' },
  { durability: 'fsync', mode: 'power' },
] as const)(
  'with durability $durability, after a $mode, transactions are there whole or not at all, with their offsets',
  async ({ durability, mode }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
        let disk = new SimDisk();
        const model = new TransactionModel(durability, disk);
        expect(await model.open(disk)).toBe(true);
        await model.makeTopic();
        for (const { actions, faults, keep } of lives) {
          for (const [call, one] of faults) disk.faults.set(disk.calls + call, one);
          for (const one of actions) {
            if (model.isCrashed) break;
            await model.run(one).catch((error: unknown) => {
              if (!model.isCrashed) throw error;
            });
          }
          let draws = 0;
          const next = disk.reopen(mode, (n) => Math.floor((keep[draws++ % keep.length] as number) * (n + 1)));
          await model.close();
          disk = next;
          expect(await model.open(disk)).toBe(true);
          await model.check();
        }
        await model.close();
      }),
      { numRuns: Number(process.env.DISK_RUNS ?? 40), seed: Number(process.env.DISK_SEED ?? 20261122) },
    );
  },
);
