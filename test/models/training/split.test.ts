import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trainTestSplit } from '../../../src/models/index.ts';
import { inModels, modelsAbsent } from '../support/models-dir.ts';

describe('trainTestSplit', () => {
  it('splits as scikit-learn does', () => {
    // numpy.random.RandomState(42).permutation(10) is 8 1 5 0 7 2 9 4 3 6.
    const { train, test } = trainTestSplit(10, { testSize: 0.25, seed: 42 });
    expect([...test]).toEqual([8, 1, 5]);
    expect([...train]).toEqual([0, 7, 2, 9, 4, 3, 6]);
  });

  it('refuses shares that leave nothing, and seeds that numpy refuses', () => {
    expect(() => trainTestSplit(1, { testSize: 0.5, seed: 1 })).toThrow('1 rows cannot be split');
    expect(() => trainTestSplit(10, { testSize: 1, seed: 1 })).toThrow('testSize must be between 0 and 1, got 1');
    expect(() => trainTestSplit(10, { testSize: 0.5, seed: -1 })).toThrow('seed must be');
  });

  it.skipIf(modelsAbsent !== undefined)("finds the split of the car prices' notebook", () => {
    const golden = JSON.parse(readFileSync(inModels('goldens/ford_split.json'), 'utf8')) as {
      n: number;
      test: number[];
      train_sha256_of_comma_joined: string;
    };
    const { train, test } = trainTestSplit(golden.n, { testSize: 0.2, seed: 1234 });
    expect([...test]).toEqual(golden.test);
    expect(createHash('sha256').update(train.join(',')).digest('hex')).toBe(golden.train_sha256_of_comma_joined);
  });
});
