import { describe, expect, it } from 'vitest';
import { brokers } from '../helpers/broker.ts';
import type { Plant } from './app/plants.ts';
import type { Rule } from './proof/evidence.ts';
import { type RoundOptions, type RoundResult, runRound } from './round.ts';
import { report, runAll } from './runner.ts';
import { type Kind, planWith } from './schedule.ts';
import { keepsRecordsOnDisk, runningBroker } from './system/broker.ts';

const LIMIT_MS = 180_000;

function round(seed: number, kinds: readonly Kind[], options?: RoundOptions): Promise<RoundResult> {
  return runRound(planWith(seed, kinds), runningBroker(brokers().join(',')), options);
}

function expectNothing(result: RoundResult): void {
  if (result.violations.length > 0) expect.fail(report(result, { broker: brokers().join(',') }));
  expect(result.counts.events).toBeGreaterThan(400);
  expect(result.counts.observations).toBeGreaterThan(20);
}

// Side by side: a round mostly waits, for sessions to end and for load to come.
describe.concurrent('nothing is lost, reordered or committed too early', () => {
  it(
    'where nothing fails, nothing is there twice',
    async () => {
      const result = await round(1, []);
      expectNothing(result);
      expect(result.counts.doubles).toBe(0);
      expect(result.counts.maps).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  it.each<[number, Kind[]]>([
    [11, ['kill', 'delay']],
    [12, ['zombie', 'model-kill']],
    [13, ['slow-acks', 'cut']],
    [14, ['term', 'add', 'grow']],
  ])(
    'seed %i: %j',
    async (seed, kinds) => {
      const result = await round(seed, kinds);
      expectNothing(result);
    },
    LIMIT_MS,
  );

  it(
    'the broker is killed and starts again on its data',
    async ({ skip }) => {
      skip(!(await keepsRecordsOnDisk()), 'this version of `streamer broker` keeps no records on disk');
      const target = { broker: 'embedded' };
      const [result] = await runAll([planWith(15, ['kill', 'broker-kill'])], target, { parallel: 1, onResult: () => {} });
      expectNothing(result!);
      expect(result?.brokerKills).toBe(1);
    },
    LIMIT_MS,
  );
});

/** Each bug shows in a first round; a few more are allowed, since faults meet different moments in every run. */
describe.concurrent('a planted bug is found:', () => {
  it.each<[Plant, Kind[], Rule[]]>([
    ['commit-before-acknowledgement', ['slow-acks'], ['commit', 'lost']],
    ['commit-largest', ['kill'], ['commit', 'lost']],
    ['lost-drain', ['add'], ['commit', 'lost']],
  ])(
    '%s',
    async (plant, kinds, rules) => {
      const found = new Set<Rule>();
      for (let seed = 1; seed <= 3 && !rules.some((rule) => found.has(rule)); seed++) {
        const { violations } = await round(seed, kinds, { plant });
        for (const { rule } of violations) found.add(rule);
      }
      expect(
        rules.some((rule) => found.has(rule)),
        `found: ${[...found].join(', ') || 'nothing'}`,
      ).toBe(true);
    },
    LIMIT_MS,
  );
});
