import { features, numeric, oneHot, standardise, type TrainingRows } from '../../../../src/models/index.ts';
import { random } from './random.ts';

export interface Row {
  readonly kind: string | null;
  readonly years: number | null;
  readonly income: number | null;
  readonly rate: number;
}

const KINDS = ['bronze', 'gold', 'silver', 'tin'];

/** Rows with steps, ties, a field of texts, and missing values where `gaps` says so. */
export function rowsOf(count: number, seed: number, gaps: boolean): { rows: Row[]; values: number[]; flags: number[] } {
  const next = random(seed);
  const rows: Row[] = [];
  const values: number[] = [];
  const flags: number[] = [];
  for (let at = 0; at < count; at++) {
    const kind = KINDS[Math.floor(next() * KINDS.length)] as string;
    const years = Math.round(next() * 30);
    const income = Math.exp(next() * 6);
    const rate = next() - 0.5;
    const value = years * 3 + Math.log(income) * 8 + (kind === 'gold' ? 40 : 0) + (rate > 0.2 ? years : 0) + next() * 10;
    const isGap = () => gaps && next() < 0.15;
    rows.push({ kind: isGap() ? null : kind, years: isGap() ? null : years, income: isGap() ? null : income, rate });
    values.push(value);
    flags.push(value + next() * 30 > 95 ? 1 : 0);
  }
  return { rows, values, flags };
}

export function trainingOf(rows: readonly Row[], labels: readonly number[]): TrainingRows<Row> {
  const declared = features({ kind: oneHot(), years: numeric(), income: standardise({ log: true }), rate: numeric() });
  return { features: declared.fit(rows), rows, labels };
}
