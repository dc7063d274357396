export const COUNTS = ['upserted', 'deleted', 'stale', 'refused', 'passed', 'superseded', 'transactions'] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

export function newCounts(): Counts {
  return { upserted: 0, deleted: 0, stale: 0, refused: 0, passed: 0, superseded: 0, transactions: 0 };
}
