import { describe, expect, it } from 'vitest';
import { killRounds } from './soak/kill-rounds.ts';

/** `npm run soak:broker` does the same for hundreds of rounds. */
describe.each([
  { durability: 'os', rounds: 6 },
  { durability: 'fsync', rounds: 3 },
] as const)('a broker with durability $durability that is killed under load', ({ durability, rounds }) => {
  it('has after each start all that it acknowledged, once and in order', { timeout: 60_000 }, async () => {
    const figures = await killRounds({ rounds, durability, random: Math.random });
    expect(figures.rounds).toBe(rounds);
    expect(figures.records).toBeGreaterThan(0);
    expect(figures.commits).toBeGreaterThan(0);
  });
});
