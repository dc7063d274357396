import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(process.env.TESTBED ?? '', 'golden', 'debezium');

/** Why the tests over Debezium's own records are skipped, or undefined when they run. */
export const goldensAbsent: string | undefined =
  process.env.TESTBED === undefined
    ? 'TESTBED is not set'
    : existsSync(folder)
      ? undefined
      : `TESTBED=${process.env.TESTBED} has no golden/debezium`;

export interface GoldenRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
}

export function goldenRecords(file: string): GoldenRecord[] {
  return goldenText(file)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as GoldenRecord);
}

export function goldenText(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
