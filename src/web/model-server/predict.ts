import type { Desk, Scored } from './desk.ts';
import { type Detail, DetailedProblem, Problem, type RowProblem } from './problem.ts';

interface Question {
  readonly rows: readonly unknown[];
  /** The form of the answers. */
  readonly form: 'one' | 'list' | 'columns';
}

export interface PredictReply extends Pick<Scored, 'version'> {
  readonly body: unknown;
}

/** Answers `POST /predict` in both forms. @throws Problem */
export async function predict(
  desk: Desk,
  body: unknown,
  options: {
    readonly rows: boolean;
    readonly columnar: boolean;
    readonly answer: (answer: unknown) => unknown;
    readonly gone: AbortSignal;
  },
): Promise<PredictReply> {
  const { rows, form } = questionOf(body, options);
  try {
    const { answers, version } = await desk.score(rows, options.gone);
    const list = answers.map(options.answer);
    return { body: form === 'one' ? list[0] : list, version };
  } catch (error) {
    if (!(error instanceof Problem) || error.rows.length === 0) throw error;
    throw new DetailedProblem(
      error,
      error.rows.map((problem) => detailOf(problem, form)),
    );
  }
}

function questionOf(body: unknown, { rows, columnar }: { readonly rows: boolean; readonly columnar: boolean }): Question {
  if (columnar && isColumns(body)) return { rows: rowsOfColumns(body), form: 'columns' };
  if (!rows) throw wrong('the body must be an object of lists, one for each column');
  if (Array.isArray(body)) {
    const bad = body.findIndex((row) => typeof row !== 'object' || row === null);
    if (bad >= 0) throw wrong('a row must be an object or a list', [bad]);
    return { rows: body, form: 'list' };
  }
  if (typeof body !== 'object' || body === null) throw wrong('the body must be a row, or a list of rows');
  return { rows: [body], form: 'one' };
}

function isColumns(body: unknown): body is Record<string, unknown[]> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const values = Object.values(body);
  return values.length > 0 && values.every(Array.isArray);
}

/** Refuses columns of different lengths: it is not clear which values form a row. */
function rowsOfColumns(body: Readonly<Record<string, readonly unknown[]>>): Array<Record<string, unknown>> {
  const columns = Object.entries(body);
  const count = columns[0]?.[1].length ?? 0;
  const ragged = columns.find(([, values]) => values.length !== count);
  if (ragged !== undefined)
    throw wrong(`it has ${ragged[1].length} values, and ${JSON.stringify(columns[0]?.[0])} has ${count}`, [ragged[0]]);
  return Array.from({ length: count }, (_, at) => Object.fromEntries(columns.map(([name, values]) => [name, values[at]])));
}

function wrong(msg: string, place: ReadonlyArray<string | number> = []): DetailedProblem {
  return new DetailedProblem(new Problem(422, msg), [{ type: 'value_error', loc: ['body', ...place], msg }]);
}

function detailOf({ row, field, type, message }: RowProblem, form: Question['form']): Detail {
  const rows = row === undefined || form === 'one' ? [] : [row];
  const fields = field === undefined ? [] : [field];
  return { type, loc: ['body', ...(form === 'columns' ? [...fields, ...rows] : [...rows, ...fields])], msg: message };
}
