import { describe, expect, it } from 'vitest';
import { XgboostEvaluator } from '../../../src/models/index.ts';
import { bytesOf, type Sketch, type SmallModel, smallModel } from '../support/small-model.ts';

const FEATURES = 5;
const ROWS = 203;

/** Numbers that repeat in every run; few different ones, so that rows lie on thresholds. */
function drawn(): () => number {
  let state = 12_345;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const next = drawn();
const value = () => Math.fround(Math.floor(next() * 20) / 8 - 1);

/** Deep on one side, when `skew` says so. */
function grown(depth: number, skew = false): Sketch {
  if (depth === 0) return Math.fround(next() - 0.5);
  const missing = next() < 0.5 ? 'left' : 'right';
  return {
    feature: Math.floor(next() * FEATURES),
    below: value(),
    missing,
    left: skew ? 0.25 : grown(depth - 1),
    right: grown(depth - 1, skew),
  };
}

const missing = (share: number) =>
  Float32Array.from({ length: ROWS * FEATURES }, () => (next() < share ? Number.NaN : next() < 0.02 ? Number.POSITIVE_INFINITY : value()));

const forests: Array<[string, SmallModel]> = [
  ['even trees', { trees: Array.from({ length: 9 }, () => grown(5)) }],
  ['trees deep on one side', { trees: Array.from({ length: 5 }, () => grown(30, true)) }],
  ['trees of all depths', { trees: [0.5, grown(1), grown(30, true), grown(3), -1, grown(7)] }],
  ['classes', { trees: Array.from({ length: 6 }, () => grown(4)), outputs: [0, 1, 2, 0, 1, 2], classes: 3, objective: 'multi:softprob' }],
  ['categories', { trees: [grown(3), { feature: 0, among: [0, 2], left: grown(2), right: grown(2) }], types: ['c', 'q', 'q', 'q', 'q'] }],
];

describe.each(forests)('%s', (_name, small) => {
  const evaluator = new XgboostEvaluator(bytesOf(smallModel({ ...small, features: FEATURES })));

  it.each([0, 0.001, 0.2])('answer many rows at once as one by one, with a share of %d missing', (share) => {
    const rows = missing(share);
    const single = Array.from({ length: ROWS }, (_, row) => [...evaluator.margins(rows.subarray(row * FEATURES, (row + 1) * FEATURES), 1)]);
    for (const count of [2, 4, 7, 64, 65, ROWS]) expect([...evaluator.margins(rows, count)]).toEqual(single.slice(0, count).flat());
  });
});
