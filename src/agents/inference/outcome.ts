import { isStreamerError, propertyOf } from '../../errors.ts';
import type { RowOutcome } from '../../models/index.ts';
import { isRecord } from '../../models/record.ts';

/** The result for one row, and the version of the model that gave it, where it is known. */
export type Outcome<Answer> = RowOutcome<Answer> & { readonly version?: string | undefined };

/** Returns the outcomes by row of an error that has them (`RowErrors`, also of another copy of the package). */
export function outcomesOf(error: unknown): ReadonlyArray<RowOutcome<unknown>> | undefined {
  const outcomes = isStreamerError(error) ? propertyOf(error, 'outcomes') : undefined;
  return Array.isArray(outcomes) && outcomes.every(isOutcome) ? outcomes : undefined;
}

function isOutcome(value: unknown): value is RowOutcome<unknown> {
  return isRecord(value) && ('answer' in value || 'error' in value);
}

/** Returns the wait that the server asks for, in milliseconds. */
export function retryAfterOf(error: unknown): number | undefined {
  const retryAfterMs = propertyOf(error, 'retryAfterMs');
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
}

/** Returns the positions of the rows that a refusal names. */
export function rowsNamed(error: unknown, count: number): number[] {
  const rows = propertyOf(error, 'rows');
  if (!Array.isArray(rows)) return [];
  return Array.from({ length: count }, (_, at) => at).filter((at) => rows.includes(at));
}
