import { describe, expect, it } from 'vitest';
import { evaluateBinary, evaluateRegression } from '../../../src/models/index.ts';

describe('evaluateBinary', () => {
  const report = evaluateBinary([0.1, 0.4, 0.4, 0.8], [0, 1, 0, 1], { bins: 2 });

  it('measures ranks, losses and the confusion at the threshold', () => {
    expect(report).toMatchObject({ rows: 4, positive: 2, auc: 0.875, accuracy: 0.75, precision: 1, recall: 0.5 });
    expect(report.confusion).toEqual({ threshold: 0.5, truePositive: 1, falsePositive: 0, trueNegative: 2, falseNegative: 1 });
    expect(report.logLoss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.6) + Math.log(0.8)) / 4, 12);
    expect(report.brier).toBeCloseTo((0.01 + 0.36 + 0.16 + 0.04) / 4, 12);
    expect(report.f1).toBeCloseTo(2 / 3, 12);
    expect(evaluateBinary([0.1, 0.4, 0.4, 0.8], [0, 1, 0, 1], { threshold: 0.4 }).confusion).toMatchObject({
      truePositive: 2,
      falsePositive: 1,
    });
  });

  it('groups rows by prediction, and keeps equal ones together', () => {
    expect(report.calibration).toEqual([
      { rows: 3, from: 0.1, to: 0.4, predicted: expect.closeTo(0.3, 12), observed: expect.closeTo(1 / 3, 12) },
      { rows: 1, from: 0.8, to: 0.8, predicted: 0.8, observed: 1 },
    ]);
  });

  it('has NaN for what has no value, and bounds the loss of a sure mistake', () => {
    const sure = evaluateBinary([1, 1], [0, 0]);
    expect(sure.auc).toBeNaN();
    expect(sure.recall).toBeNaN();
    expect(sure.logLoss).toBeCloseTo(-Math.log(1e-15), 1);
  });

  it('refuses what is no probability, and rows without a label', () => {
    expect(() => evaluateBinary([0.1, 1.2], [0, 1])).toThrow('the probability of row 1 must be between 0 and 1, got 1.2');
    expect(() => evaluateBinary([0.1], [0, 1])).toThrow('1 predictions and 2 labels');
    expect(() => evaluateBinary([0.1], [3])).toThrow('the label of row 0 must be 0 or 1, got 3');
    expect(() => evaluateBinary([], [])).toThrow('no rows');
  });
});

describe('evaluateRegression', () => {
  it('measures errors, in percent where the true number is not 0', () => {
    const report = evaluateRegression([12, 18, 1], [10, 20, 0], { bins: 3 });
    expect(report).toMatchObject({ rows: 3, mae: 5 / 3, zeros: 1 });
    expect(report.rmse).toBeCloseTo(Math.sqrt(3), 12);
    expect(report.mape).toBeCloseTo(15, 12);
    expect(report.r2).toBeCloseTo(1 - 3 / (200 / 3), 12);
    expect(report.bias).toBeCloseTo(1 / 3, 12);
    expect(report.calibration.map(({ predicted, observed }) => [predicted, observed])).toEqual([
      [1, 0],
      [12, 10],
      [18, 20],
    ]);
  });

  it('has NaN for what has no value', () => {
    const report = evaluateRegression([1, 2], [0, 0]);
    expect([report.mape, report.r2]).toEqual([Number.NaN, Number.NaN]);
  });
});
