import { describe, expect, it } from 'vitest';
import { brokers } from '../../helpers/broker.ts';
import type { TransactionalName } from '../net/transactional.ts';
import { Random } from '../random.ts';
import type { Kind } from '../schedule.ts';
import { runningBroker } from '../system/broker.ts';
import type { PlantName } from './plant-names.ts';
import { runStateRound, type StateRoundResult } from './round.ts';
import { describeStatePlan, type Effect, statePlanWith, trapWith } from './schedule.ts';

const LIMIT_MS = 240_000;
type TrapName = readonly [Effect, TransactionalName];

function round(seed: number, kinds: readonly Kind[], traps: readonly TrapName[], plant?: PlantName): Promise<StateRoundResult> {
  const random = new Random(seed);
  const plan = statePlanWith(
    seed,
    kinds,
    traps.map((trap) => trapWith(...trap, random)),
  );
  return runStateRound(plan, runningBroker(brokers().join(',')), { plant });
}

// Side by side: a round mostly waits, for sessions to end and for load to come.
describe.concurrent('every count is exact', () => {
  it.each<[number, Kind[], TrapName[]]>([
    [1, [], []],
    [2, ['kill'], [['unanswered', 'EndTxn']]],
    [3, ['add', 'term'], [['refused', 'TxnOffsetCommit']]],
    [4, [], [['killed-after', 'TxnOffsetCommit']]],
    [5, ['cut'], [['fenced-before', 'EndTxn']]],
    [6, ['zombie'], [['suspended-after', 'Produce']]],
  ])(
    'seed %i: %j %j',
    async (seed, kinds, traps) => {
      const result = await round(seed, kinds, traps);
      const what = [describeStatePlan(result.plan), ...result.violations.map(({ rule, what }) => `${rule}: ${what}`), ...result.lastWords];
      expect(result.violations, what.join('\n')).toEqual([]);
      expect(result.traps.filter(({ isSprung }) => !isSprung)).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe.concurrent('a planted bug is found:', () => {
  it.each<[PlantName, Kind[], TrapName[]]>([
    ['later-offsets', ['kill'], []],
    ['plain-offsets', [], []],
    ['restore-to-stable-end', [], []],
    ['short-map', ['kill'], []],
    [
      'no-generation',
      [],
      [
        ['suspended-before', 'AddPartitionsToTxn'],
        ['suspended-after', 'AddPartitionsToTxn'],
      ],
    ],
    ['stale-shard', ['zombie', 'term'], []],
  ])(
    '%s',
    async (plant, kinds, traps) => {
      for (let seed = 1; seed <= 4; seed++) {
        const { violations } = await round(seed, kinds, traps, plant);
        if (violations.some(({ rule }) => rule !== 'harness')) return;
      }
      expect.fail('nothing was found');
    },
    LIMIT_MS,
  );
});
