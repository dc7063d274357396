import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ModelError } from '../../models/index.ts';

/** What is wrong with one row, or with the request as a whole. */
export interface RowProblem {
  /** From 0; undefined when it is no single row's. */
  readonly row?: number | undefined;
  readonly field?: string | undefined;
  readonly type: string;
  readonly message: string;
}

/** A request that is answered with a status other than 200. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly rows: readonly RowProblem[];

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}, rows: readonly RowProblem[] = []) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.rows = rows;
  }
}

/** At least one row is bad: 422. */
export function refused(rows: readonly RowProblem[]): Problem {
  const words = rows.map(({ row, field, message }) => {
    const place = [row === undefined ? '' : `row ${row}`, field === undefined ? '' : `field "${field}"`].filter((part) => part !== '');
    return place.length === 0 ? message : `${place.join(', ')}: ${message}`;
  });
  return new Problem(422, words.slice(0, 10).join('; '), {}, rows);
}

/** Of a row that the model has no answer for. */
export function problemOf(error: unknown, row: number): RowProblem {
  const { field } = error instanceof ModelError ? error : { field: undefined };
  return {
    row,
    field,
    type: error instanceof ModelError && error.code === 'ANSWER' ? 'no_answer' : 'value_error',
    message: (error as Error).message,
  };
}

/** Of a row that the schema refuses: the first issue's path names the field. */
export function problemsOfIssues(issues: readonly StandardSchemaV1.Issue[], row: number): RowProblem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    const { code } = issue as { readonly code?: unknown };
    return { row, field: path === '' ? undefined : path, type: typeof code === 'string' ? code : 'value_error', message: issue.message };
  });
}
