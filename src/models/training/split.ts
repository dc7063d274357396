import { ConfigError } from '../../errors.ts';
import { MersenneTwister } from './mersenne-twister.ts';

// Numbers are compared as `x < threshold` in 32 bits: a threshold lies above every value of its left side in the node and at or
// below those of its right side, halfway in 32 bits or, where that rounds down to the left side, on the right one. Rows that a tree
// has not seen are sent by value, never by bin.

/** Row numbers, from 0. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Returns the numbers 0 to `count - 1` in the order of `numpy.random.RandomState(seed).permutation(count)`. */
function permutation(count: number, seed: number): Int32Array {
  const random = new MersenneTwister(seed);
  const numbers = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = random.wholeUpTo(at);
    const number = numbers[at] ?? 0;
    numbers[at] = numbers[other] ?? 0;
    numbers[other] = number;
  }
  return numbers;
}

/**
 * Returns the rows to train on and the rows to test on, row for row those of scikit-learn's
 * `train_test_split(range(count), test_size=testSize, random_state=seed)`.
 *
 * @param testSize share of the rows to test on, between 0 and 1
 * @throws ConfigError when one of the two would be empty
 */
export function trainTestSplit(count: number, { testSize, seed }: { readonly testSize: number; readonly seed: number }): Split {
  if (!(testSize > 0 && testSize < 1)) throw new ConfigError(`testSize must be between 0 and 1, got ${testSize}`);
  const tested = Math.ceil(count * testSize);
  if (!Number.isInteger(count) || tested < 1 || tested >= count)
    throw new ConfigError(`${count} rows cannot be split into rows to train on and a share of ${testSize} to test on`);
  const order = permutation(count, seed);
  return { test: order.slice(0, tested), train: order.slice(tested) };
}
