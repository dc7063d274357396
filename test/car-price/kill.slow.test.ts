import { expect, it } from 'vitest';
import { killRun } from './kill-run.ts';

/** The small size of `npm run soak:car-price`. */
it('the table of prices is what the cars make it, though source, agent, sink, broker and Postgres are killed', async () => {
  const victims = [['source', 'agent', 'sink'], ['broker'], ['postgres']] as const;
  const result = await killRun({ transactions: 90, killEvery: 25, victims, seed: 7 });
  expect(result).toMatchObject({ kills: 3, wrong: 0, deadLetters: 0, isReplaySafe: true });
  expect(result.cars).toBeGreaterThan(30);
  expect(result.changeRecords).toBeGreaterThan(result.cars);
}, 240_000);
