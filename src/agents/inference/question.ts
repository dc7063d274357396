import { setTimeout as delay } from 'node:timers/promises';
import { isStreamerError } from '../../errors.ts';
import type { RowOutcome } from '../../models/index.ts';
import { isFailed } from '../../models/model-error.ts';
import { itemAt } from '../../models/record.ts';
import { isUnavailable } from '../../outage.ts';
import { type Outcome, outcomesOf, retryAfterOf, rowsNamed } from './outcome.ts';

/** A row to ask about, `alone` when it was refused before; or the reason why there is none. */
export type Question<Row> = { readonly row: Row; readonly alone: boolean } | { readonly error: unknown };

/** Makes one call: rejects as `Model.predict` does, and reports the version of the model before it settles. */
export type Caller<Row, Answer> = (rows: readonly Row[], onVersion: (version: string) => void) => Promise<readonly Answer[]>;

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Returns the time for which an answer is still of use (milliseconds, may be infinite). */
  readonly leftMs: () => number;
  readonly retried: () => void;
  readonly split: () => void;
}

interface Ask<Row, Answer> extends AskOptions {
  readonly call: Caller<Row, Answer>;
}

/** Rows that are asked together, by position. */
interface Group {
  readonly places: readonly number[];
  readonly retries: number;
}

/** Waits before a refused, retryable batch is asked again; the same server usually answers at the second attempt or never. */
const RETRY_MS = [50, 200];
/** A server that asks for a longer wait after a 500 is not asked again with this batch. */
const LONGEST_RETRY_MS = 30_000;

/**
 * Asks about rows, and finds the ones that are refused. Never rejects: it resolves to one outcome per question, by position.
 * Calls follow one another, so that one question is one call in flight at any time.
 */
export async function askModel<Row, Answer>(
  call: Caller<Row, Answer>,
  questions: readonly Question<Row>[],
  options: AskOptions,
): Promise<Outcome<Answer>[]> {
  const asked = questions.flatMap((question, at) => ('error' in question ? [] : [{ ...question, at }]));
  const together = asked.flatMap(({ alone }, place) => (alone ? [] : [place]));
  const single = asked.flatMap(({ alone }, place) => (alone ? [{ places: [place], retries: 0 }] : []));
  const rows = asked.map(({ row }) => row);
  const answers = await askGroups({ ...options, call }, rows, [{ places: together, retries: RETRY_MS.length }, ...single]);
  const outcomes = new Map(asked.map(({ at }, place) => [at, answers[place]]));
  return questions.map((question, at) => ('error' in question ? question : (outcomes.get(at) ?? NOT_ASKED)));
}

const NOT_ASKED = { error: new Error('the row was not asked') } as const;

/** Asks groups of rows one after the other; when no further answer is possible, the rest is not asked. */
async function askGroups<Row, Answer>(ask: Ask<Row, Answer>, rows: readonly Row[], groups: readonly Group[]): Promise<Outcome<Answer>[]> {
  const outcomes = new Map<number, Outcome<Answer>>();
  let end: { readonly error: unknown } | undefined;
  for (const { places, retries } of groups) {
    if (places.length === 0) continue;
    const wanted = places.map((place) => itemAt(rows, place));
    const last = end;
    const answers: readonly Outcome<Answer>[] = last === undefined ? await askBatch(ask, wanted, retries) : wanted.map(() => last);
    places.forEach((place, at) => {
      outcomes.set(place, answers[at] ?? NOT_ASKED);
    });
    end ??= ending(answers, ask.signal);
  }
  return rows.map((_, place) => outcomes.get(place) ?? NOT_ASKED);
}

/** Asks one batch, and its parts when it is refused: the rows that the refusal names alone, or else halves. */
async function askBatch<Row, Answer>(ask: Ask<Row, Answer>, rows: readonly Row[], retries: number): Promise<Outcome<Answer>[]> {
  let version: string | undefined;
  try {
    const answers = await askAgain(ask, rows, retries, (given) => (version = given));
    return answers.map((answer) => ({ answer, version }));
  } catch (error) {
    const own = ownOutcomes<Answer>(error, rows.length);
    if (own !== undefined) return own.map((outcome) => ({ ...outcome, version }));
    if (rows.length === 1 || ends(error, ask.signal)) return rows.map(() => ({ error }));
    ask.split();
    return askGroups(ask, rows, partsOf(rows.length, error));
  }
}

function partsOf(count: number, error: unknown): Group[] {
  const all = Array.from({ length: count }, (_, at) => at);
  const named = rowsNamed(error, count);
  const half = Math.ceil(count / 2);
  const parts =
    named.length > 0 ? [all.filter((at) => !named.includes(at)), ...named.map((at) => [at])] : [all.slice(0, half), all.slice(half)];
  return parts.map((places) => ({ places, retries: 0 }));
}

/** `RowErrors` has an outcome for every row; their answers are of the type that the model declares. */
function ownOutcomes<Answer>(error: unknown, count: number): ReadonlyArray<RowOutcome<Answer>> | undefined {
  const outcomes = outcomesOf(error);
  return outcomes?.length === count ? (outcomes as ReadonlyArray<RowOutcome<Answer>>) : undefined;
}

async function askAgain<Row, Answer>(
  ask: Ask<Row, Answer>,
  rows: readonly Row[],
  retries: number,
  onVersion: (version: string) => void,
): Promise<readonly Answer[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      ask.signal.throwIfAborted();
      return await ask.call(rows, onVersion);
    } catch (error) {
      if (ends(error, ask.signal) || attempt >= Math.min(retries, worth(error))) throw error;
      const waitMs = Math.max((RETRY_MS[attempt] ?? 0) * (0.5 + Math.random()), retryAfterOf(error) ?? 0);
      if (waitMs >= Math.min(ask.leftMs(), LONGEST_RETRY_MS)) throw error;
      ask.retried();
      await delay(waitMs, undefined, { signal: ask.signal }).catch(() => {});
    }
  }
}

/** Returns true when no further answer is possible: the model cannot be reached, or nobody waits for the answer any longer. */
function ends(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || isUnavailable(error);
}

/** Returns the outcome of the rows that follow, when no further answer is possible; else `undefined`. */
function ending(outcomes: ReadonlyArray<RowOutcome<unknown>>, signal: AbortSignal): { readonly error: unknown } | undefined {
  if (signal.aborted) return { error: signal.reason };
  return outcomes.filter(isFailed).find(({ error }) => isUnavailable(error));
}

/** Returns the number of times that the same batch is worth asking again. */
function worth(error: unknown): number {
  if (!isStreamerError(error) || !error.retryable || outcomesOf(error) !== undefined) return 0;
  return error.code === 'ANSWER' ? 1 : RETRY_MS.length;
}
