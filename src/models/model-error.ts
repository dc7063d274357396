import { type ErrorOptions, isStreamerError, messageOf, StreamerError } from '../errors.ts';

export interface ModelErrorOptions extends ErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Positions of the rows that the refusal names, from 0. */
  readonly rows?: readonly number[] | undefined;
  /** The field of the row that is to blame. */
  readonly field?: string | undefined;
}

/** A model could not be reached (`UNAVAILABLE`), refused the rows (`REFUSED`), or gave an answer that does not fit (`ANSWER`). */
export class ModelError extends StreamerError {
  override name = 'ModelError';
  /** HTTP status of the answer, where there was one. */
  readonly status: number | undefined;
  /** How long the server asks its callers to wait (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Positions of the rows that the refusal names, from 0; absent when it names none. */
  readonly rows: readonly number[] | undefined;
  /** The field of the row that is to blame, where there is one. */
  readonly field: string | undefined;

  constructor(code: 'UNAVAILABLE' | 'REFUSED' | 'ANSWER', message: string, options: ModelErrorOptions = {}) {
    super(code, message, { ...options, retryable: options.retryable ?? code !== 'REFUSED' });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.rows = options.rows;
    this.field = options.field;
  }
}

/** The result for one row: its answer, or the reason why it has none. */
export type RowOutcome<Answer> = { readonly answer: Answer } | { readonly error: unknown };

export function isFailed(outcome: RowOutcome<unknown>): outcome is { readonly error: unknown } {
  return 'error' in outcome;
}

/**
 * Some rows have an answer and others do not, as where a prediction is not a number. `outcomes` has one entry per row, by
 * position; message and `retryable` are those of the first row without an answer.
 */
export class RowErrors extends ModelError {
  override name = 'RowErrors';
  readonly outcomes: ReadonlyArray<RowOutcome<unknown>>;

  constructor(outcomes: ReadonlyArray<RowOutcome<unknown>>) {
    const rows = outcomes.flatMap((outcome, at) => (isFailed(outcome) ? [at] : []));
    const first = outcomes.find(isFailed)?.error;
    const others = rows.length > 1 ? ` (and ${rows.length - 1} more rows have no answer)` : '';
    const { retryable, next } = isStreamerError(first) ? first : { retryable: false, next: undefined };
    super('ANSWER', `${messageOf(first)}${others}`, { cause: first, rows, retryable, next });
    this.outcomes = outcomes;
  }
}

/**
 * Returns the answers, when every row has one.
 *
 * @throws RowErrors
 */
export function answersOf<Answer>(outcomes: ReadonlyArray<RowOutcome<Answer>>): Answer[] {
  return outcomes.map((outcome) => {
    if (isFailed(outcome)) throw new RowErrors(outcomes);
    return outcome.answer;
  });
}
