import { expect, it } from 'vitest';
import { fuzz } from './fuzz/fuzz.ts';

it('ten thousand requests of all types, well formed and not, are answered or refused, and none is left waiting', async () => {
  const { answered, malformed, ...rest } = await fuzz({ frames: 10_000, seed: 20261122 });
  expect(rest).toMatchObject({ failures: [], hanging: 0 });
  expect(answered + malformed).toBe(10_000);
  expect(answered).toBeGreaterThan(4000);
  // A frame has some hundred bytes; what the broker may hold is limited besides.
  expect(rest.peakBytes).toBeLessThan(500_000_000);
});
