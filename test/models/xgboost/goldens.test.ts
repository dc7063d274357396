import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { XgboostEvaluator, xgboost } from '../../../src/models/index.ts';
import { hexOf, ulps } from '../support/bits.ts';
import { type Golden, goldens, inModels, modelsAbsent } from '../support/models-dir.ts';

const files =
  modelsAbsent === undefined
    ? readdirSync(inModels('models')).filter(
        (file) =>
          /\.(json|ubj)$/.test(file) && existsSync(inModels(`goldens/${file.replace(/\.\w+$/, '')}.jsonl`)) && !file.includes('sklearn'),
      )
    : [];

const load = (file: string, options = {}) => new XgboostEvaluator(readFileSync(inModels(`models/${file}`)), options);
const flat = (value: number | number[] | undefined): number[] => [value ?? []].flat();

function numbersOf(rows: readonly Golden[]): Float32Array {
  return Float32Array.from(
    rows.flatMap((row) => row.features ?? []),
    (value) => value ?? Number.NaN,
  );
}

describe.skipIf(modelsAbsent !== undefined)(
  `models of MODELS_DIR${modelsAbsent === undefined ? '' : ` (skipped: ${modelsAbsent})`}`,
  () => {
    it('are found', () => {
      expect(files.length).toBeGreaterThan(20);
    });

    it.each(files)('%s is scored as the library does', (file) => {
      const evaluator = load(file);
      const rows = goldens(file.replace(/\.\w+$/, ''));
      const numbers = numbersOf(rows);
      const margins = evaluator.margins(numbers, rows.length);
      const predictions = evaluator.predictions(numbers, rows.length);
      rows.forEach((row, at) => {
        const margin = margins.subarray(at * evaluator.outputs, (at + 1) * evaluator.outputs);
        if (row.margin_hex !== undefined) expect(hexOf(margin), `margin of row ${row.row}`).toBe(row.margin_hex);
        else if (row.margin !== undefined) expect([...margin]).toEqual(flat(row.margin).map(Math.fround));
        const prediction = predictions.subarray(at * evaluator.width, (at + 1) * evaluator.width);
        expect(ulps(prediction, flat(row.prediction).map(Math.fround)), `prediction of row ${row.row}`).toBeLessThanOrEqual(4);
      });
    });

    it('bank_early_stopping has all its rounds when asked for them', () => {
      const rows = goldens('bank_early_stopping');
      const evaluator = load('bank_early_stopping.json', { rounds: 'all' });
      expect([...evaluator.margins(numbersOf(rows), rows.length)]).toEqual(rows.map((row) => Math.fround(row.margin_all as number)));
    });

    it('bank_categorical takes raw rows, by the names of its categories', async () => {
      const rows = goldens('bank_categorical');
      const margins = await xgboost(inModels('models/bank_categorical.json'), { margin: true }).predict(rows.map((row) => row.raw ?? {}));
      expect(hexOf(margins)).toBe(rows.map((row) => row.margin_hex).join(''));
    });

    it('a file cut short is refused with a reason', { timeout: 60_000 }, () => {
      for (const file of files.filter((name) => name.endsWith('.ubj') || name.includes('linear') || name.includes('dart'))) {
        const bytes = readFileSync(inModels(`models/${file}`));
        for (let cut = 0; cut < 40; cut++) {
          const short = bytes.subarray(0, Math.floor((bytes.length * cut) / 40));
          expect(() => new XgboostEvaluator(short), `${file} cut to ${short.length}`).toThrow(expect.objectContaining({ code: 'CONFIG' }));
        }
      }
    });
  },
);
