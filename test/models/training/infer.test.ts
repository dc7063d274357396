import { describe, expect, it } from 'vitest';
import { inferFeatures, numberOf } from '../../../src/models/training/infer.ts';

const rows = Array.from({ length: 200 }, (_, at) => ({
  id: `c-${at}`,
  age: String(20 + (at % 50)),
  income: at % 10 === 0 ? 'NA' : String(Math.round(Math.exp(at % 12) * 100)),
  job: ['', 'cook', 'smith', 'cook'][at % 4] as string,
  town: `town ${at % 40}`,
  code: at % 2 === 0 ? '7' : 'x7',
  planet: 'earth',
  note: '',
}));
const names = Object.keys(rows[0] as object);

describe('inferFeatures', () => {
  it('leaves numbers as they are for trees, and makes columns or shares of texts', () => {
    const { fields } = inferFeatures(rows, names, 'trees');
    expect(fields).toMatchObject({
      age: { kind: 'numeric' },
      income: { kind: 'numeric' },
      job: { kind: 'oneHot', values: ['cook', 'smith'], unknown: 'zeros' },
      code: { kind: 'oneHot', values: ['7', 'x7'] },
      town: { kind: 'lookup', unknown: 0 },
    });
    expect((fields.town as { table: Record<string, number> }).table['town 3']).toBe(5 / 200);
  });

  it('standardises numbers for a linear model, skewed ones by their logarithm, and fills gaps with the median', () => {
    const { fields } = inferFeatures(rows, names, 'linear');
    expect(fields.age).toEqual({ kind: 'standardise', missing: 45 });
    expect(fields.income).toEqual({ kind: 'standardise', log: true, missing: expect.any(Number) });
  });

  it('leaves out what says nothing, and why', () => {
    expect(inferFeatures(rows, names, 'trees').leftOut).toEqual({
      id: 'it has 200 values in 200 rows, as names have',
      planet: 'it has one value',
      note: 'it is empty',
    });
  });

  it('names a cell that keeps a column from being numbers', () => {
    const measured = Array.from({ length: 50 }, (_, at) => ({ value: at === 9 ? 'oops' : String(at / 3) }));
    expect(inferFeatures(measured, ['value'], 'trees').leftOut.value).toContain('; most are numbers, and "oops" is not');
  });

  it('tells numbers, missing cells and texts apart', () => {
    expect(['1', '-2.5', '.5', '1e3', '+7', '3.'].map(numberOf)).toEqual([1, -2.5, 0.5, 1000, 7, 3]);
    expect(['', 'NA', 'nan', 'None', 'NULL', 'n/a'].map(numberOf)).toEqual([null, null, null, null, null, null]);
    expect(['0x10', '1e999', '1,5', 'x', '-', 'Infinity'].map(numberOf)).toEqual(Array(6).fill(undefined));
  });
});
