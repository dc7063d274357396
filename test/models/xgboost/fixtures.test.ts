import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FeatureRow, type Rounds, XgboostEvaluator, xgboost } from '../../../src/models/index.ts';
import { floatsOf, hexOf, ulps } from '../support/bits.ts';

interface Fixture {
  readonly name: string;
  readonly version: string;
  readonly rounds: Rounds;
  readonly json: string;
  readonly ubj?: string;
  readonly rows: ReadonlyArray<ReadonlyArray<number | null>>;
  readonly margins: string;
  readonly predictions: string;
}

const folder = join(import.meta.dirname, 'fixtures');
const fixtures = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line) as Fixture);
const byPosition = fixtures.filter(({ rows }) => Array.isArray(rows[0]));
const byName = fixtures.filter(({ rows }) => !Array.isArray(rows[0]));

function scored(bytes: Uint8Array, { rows, rounds }: Fixture) {
  const evaluator = new XgboostEvaluator(bytes, { rounds });
  const numbers = Float32Array.from(rows.flat(), (value) => value ?? Number.NaN);
  return { margins: evaluator.margins(numbers, rows.length), predictions: evaluator.predictions(numbers, rows.length) };
}

describe.each(byPosition)('$name of XGBoost $version', (fixture) => {
  it('has the margins of the library to the last bit, and its predictions within 4 units of the last place', () => {
    const { margins, predictions } = scored(Buffer.from(fixture.json), fixture);
    expect(hexOf(margins)).toBe(fixture.margins);
    expect(ulps(predictions, floatsOf(fixture.predictions))).toBeLessThanOrEqual(4);
  });

  it.runIf(fixture.ubj !== undefined)('is the same in UBJSON', () => {
    const { margins, predictions } = scored(Buffer.from(fixture.ubj as string, 'base64'), fixture);
    expect(hexOf(margins)).toBe(fixture.margins);
    expect(ulps(predictions, floatsOf(fixture.predictions))).toBeLessThanOrEqual(4);
  });
});

describe.each(byName)('$name of XGBoost $version', (fixture) => {
  const rows = fixture.rows as unknown as FeatureRow[];
  const bytes = Buffer.from(fixture.json);

  it('takes rows as a data frame has them', async () => {
    expect(hexOf(await xgboost(bytes, { margin: true }).predict(rows))).toBe(fixture.margins);
  });

  it('refuses a category that the model never saw, or takes it as missing', async () => {
    const unseen = { ...(rows[0] as Record<string, number | string>), kind: 'unknown' };
    await expect(xgboost(bytes).predict([unseen])).rejects.toThrow(
      'feature "kind" has no category "unknown"; it has admin., e-mail, zebra',
    );
    await expect(xgboost(bytes).predict([{ ...unseen, kind: 'zebra', code: 99 }])).rejects.toThrow('feature "code" has no category "99"');
    const missing = await xgboost(bytes, { unknownCategory: 'missing' }).predict([unseen]);
    expect(missing).toEqual(await xgboost(bytes).predict([{ ...unseen, kind: null }]));
  });
});
