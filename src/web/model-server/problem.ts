import type { StandardSchemaV1 } from '@standard-schema/spec';
import { messageOf, propertyOf } from '../../errors.ts';
import { ModelError } from '../../models/index.ts';

/** What is wrong with one row, or with the request as a whole. */
export interface RowProblem {
  /** From 0; undefined for a problem of the whole request. */
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

/** One entry of `detail` in FastAPI's form: `loc` is `['body', 'age']`, or `['body', 3, 'age']` in a list. */
export interface Detail {
  readonly type: string;
  readonly loc: ReadonlyArray<string | number>;
  readonly msg: string;
}

/** A `Problem` whose answer names the place in the request. */
export class DetailedProblem extends Problem {
  readonly detail: readonly Detail[];

  constructor(problem: Problem, detail: readonly Detail[]) {
    super(problem.status, problem.message, problem.headers, problem.rows);
    this.detail = detail;
  }
}

/** Returns the 422 for bad rows. */
export function refused(rows: readonly RowProblem[]): Problem {
  const words = rows.map(({ row, field, message }) => {
    const place = [row === undefined ? '' : `row ${row}`, field === undefined ? '' : `field "${field}"`].filter((part) => part !== '');
    return place.length === 0 ? message : `${place.join(', ')}: ${message}`;
  });
  return new Problem(422, words.slice(0, 10).join('; '), {}, rows);
}

/** Returns the problem of a row for which the model has no answer. */
export function problemOf(error: unknown, row: number): RowProblem {
  const { field } = error instanceof ModelError ? error : { field: undefined };
  const type = error instanceof ModelError && error.code === 'ANSWER' ? 'no_answer' : 'value_error';
  return { row, field, type, message: messageOf(error) };
}

/** Returns the problems of a row that the schema refuses; the first issue's path names the field. */
export function problemsOfIssues(issues: readonly StandardSchemaV1.Issue[], row: number): RowProblem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    const code = propertyOf(issue, 'code');
    return { row, field: path === '' ? undefined : path, type: typeof code === 'string' ? code : 'value_error', message: issue.message };
  });
}
