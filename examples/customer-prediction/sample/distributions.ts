/** How often each value of a text field occurs, within each group (`all` where there are none). */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What is known of the real file: counts and quantiles. No row of it can be read from here. */
export interface Distributions {
  readonly rows: number;
  /** Evenly spaced quantiles, from the least to the greatest value. */
  readonly age: readonly number[];
  /** By age group. */
  readonly job: Counts;
  readonly marital: Counts;
  readonly housing: Counts;
  /** By job. */
  readonly education: Counts;
  readonly default: Counts;
  readonly loan: Counts;
  readonly contact: Counts;
  readonly month: Counts;
  readonly poutcome: Counts;
  /** By age group. */
  readonly balance: Readonly<Record<string, readonly number[]>>;
  readonly day: readonly number[];
  readonly duration: readonly number[];
  readonly campaign: readonly number[];
  /** Of customers that an earlier campaign had contacted. */
  readonly pdays: readonly number[];
  readonly previous: readonly number[];
}

type Row = Readonly<Record<string, string>>;

const AGE_GROUPS = ['under 30', '30 to 44', '45 to 59', '60 and over'] as const;

export function ageGroup(age: number): (typeof AGE_GROUPS)[number] {
  return AGE_GROUPS[[30, 45, 60, Number.POSITIVE_INFINITY].findIndex((limit) => age < limit)] as (typeof AGE_GROUPS)[number];
}

/** Measures rows of a bank-marketing CSV. */
export function measure(rows: readonly Row[]): Distributions {
  const contacted = rows.filter((row) => row.poutcome !== 'unknown');
  const numbers = (field: string, of = rows) => of.map((row) => Number(row[field]));
  const groupOf = (row: Row) => ageGroup(Number(row.age));
  const balances = AGE_GROUPS.map((group) => [
    group,
    quantiles(
      numbers(
        'balance',
        rows.filter((row) => groupOf(row) === group),
      ),
      20,
    ),
  ]);
  return {
    rows: rows.length,
    age: quantiles(numbers('age'), 100),
    job: counted(rows, 'job', groupOf),
    marital: counted(rows, 'marital', groupOf),
    housing: counted(rows, 'housing', groupOf),
    education: counted(rows, 'education', (row) => String(row.job)),
    default: counted(rows, 'default'),
    loan: counted(rows, 'loan'),
    contact: counted(rows, 'contact'),
    month: counted(rows, 'month'),
    poutcome: counted(rows, 'poutcome'),
    balance: Object.fromEntries(balances),
    day: quantiles(numbers('day'), 20),
    duration: quantiles(numbers('duration'), 40),
    campaign: quantiles(numbers('campaign'), 40),
    pdays: quantiles(numbers('pdays', contacted), 20),
    previous: quantiles(numbers('previous', contacted), 20),
  };
}

/** `parts + 1` values: the least, the greatest, and those that lie at even steps between them in order of size. */
function quantiles(values: readonly number[], parts: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from({ length: parts + 1 }, (_, i) => sorted[Math.round((i / parts) * (sorted.length - 1))] as number);
}

function counted(rows: readonly Row[], field: string, groupOf: (row: Row) => string = () => 'all'): Counts {
  const counts: Record<string, Record<string, number>> = {};
  for (const row of rows) {
    const group = (counts[groupOf(row)] ??= {});
    const value = String(row[field]);
    group[value] = (group[value] ?? 0) + 1;
  }
  return counts;
}
