import { describe, expect, it } from 'vitest';
import { features, linear, oneHot, standardise, type TrainingNumbers, trainLogistic } from '../../../src/models/index.ts';
import { rowsOf } from './soak/data.ts';

const table = (columns: string[], rows: number[][], labels: number[]): TrainingNumbers => ({
  columns,
  numbers: Float32Array.from(rows.flat()),
  labels,
});

describe('trainLogistic', () => {
  it('finds the optimum: of a single flag, the log odds of its two sides', () => {
    const rows = [...Array.from({ length: 10 }, () => [0]), ...Array.from({ length: 10 }, () => [1])];
    const labels = rows.map(([x], at) => (x === 0 ? (at < 2 ? 1 : 0) : at < 17 ? 1 : 0));
    const model = trainLogistic(table(['x'], rows, labels), { l2: 0 });
    expect(model.intercept).toBeCloseTo(Math.log(2 / 8), 9);
    expect(model.intercept + (model.coefficients[0] as number)).toBeCloseTo(Math.log(7 / 3), 9);
  });

  it('shrinks by l2: its gradient is 0 where the loss pulls as hard as the penalty', () => {
    const { rows, flags } = rowsOf(300, 1, false);
    const declared = features({ kind: oneHot(), years: standardise(), income: standardise({ log: true }) });
    const model = trainLogistic({ features: declared, rows, labels: flags }, { l2: 5 });
    const encoded = (model.features as NonNullable<typeof model.features>).encode(rows);
    const width = model.columns.length;
    const pull = model.coefficients.map((coefficient, column) => {
      let sum = 5 * coefficient;
      rows.forEach((_, row) => {
        const own = encoded.subarray(row * width, (row + 1) * width);
        const margin = own.reduce((total, x, at) => total + x * (model.coefficients[at] as number), model.intercept);
        sum += (1 / (1 + Math.exp(-margin)) - (flags[row] as number)) * (own[column] as number);
      });
      return Math.abs(sum);
    });
    expect(Math.max(...pull)).toBeLessThan(1e-8);
    expect(model.optimum.gradient).toBeLessThan(1e-8);
  });

  it('counts a row of label 1 as often as it is told', () => {
    const rows = [[-1], [0.5], [2], [1], [0], [-2]];
    const labels = [0, 1, 1, 0, 0, 1];
    const weighted = trainLogistic(table(['x'], rows, labels), { positiveWeight: 3 });
    const tripled = trainLogistic(
      table(
        ['x'],
        [...rows, ...rows.filter((_, at) => labels[at] === 1), ...rows.filter((_, at) => labels[at] === 1)],
        [...labels, 1, 1, 1, 1, 1, 1],
      ),
    );
    expect(weighted.coefficients[0]).toBeCloseTo(tripled.coefficients[0] as number, 9);
    const balanced = trainLogistic(table(['x'], [[1], [1], [1], [1]], [1, 0, 0, 0]), { positiveWeight: 'balanced' });
    expect(balanced.intercept).toBeCloseTo(0, 9);
  });

  it('answers through its file what it found', async () => {
    const { rows, flags } = rowsOf(200, 2, false);
    const declared = features({ kind: oneHot(), years: standardise() });
    const model = trainLogistic({ features: declared, rows, labels: flags });
    const fitted = model.features as NonNullable<typeof model.features>;
    const answers = await linear(model.file, { features: fitted }).predict(rows);
    const own = fitted.encode(rows).subarray(0, model.columns.length);
    const margin = own.reduce((sum, x, at) => sum + x * (model.coefficients[at] as number), model.intercept);
    expect(answers[0]).toBeCloseTo(1 / (1 + Math.exp(-margin)), 12);
    await expect(linear(model.file, { features: declared.fit([{ kind: 'gold', years: 1 }]) }).predict(rows)).rejects.toThrow(
      'other features',
    );
  });

  it('says why there is no optimum', () => {
    expect(() => trainLogistic(table(['x'], [[0], [1], [2], [3]], [0, 0, 1, 1]), { l2: 0 })).toThrow('separate the classes');
    const twice = [
      [0, 0],
      [1, 1],
      [2, 2],
      [1, 1],
      [0, 0],
    ];
    expect(() => trainLogistic(table(['x', 'y'], twice, [0, 1, 0, 0, 1]), { l2: 0 })).toThrow('depend on one another');
    expect(trainLogistic(table(['x', 'y'], twice, [0, 1, 0, 0, 1])).optimum.gradient).toBeLessThan(1e-9);
  });

  it('refuses missing numbers and options that cannot be', () => {
    expect(() => trainLogistic(table(['x'], [[0], [Number.NaN]], [0, 1]))).toThrow('row 1 has no number in column "x"');
    expect(() => trainLogistic(table(['x'], [[0], [1]], [0, 1]), { l2: -1, maxSteps: 0 })).toThrow(/2 problems[\s\S]*l2[\s\S]*maxSteps/);
  });
});
