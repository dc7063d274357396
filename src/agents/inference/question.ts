import { setTimeout as delay } from 'node:timers/promises';
import { isStreamerError, isUnavailable } from '../../errors.ts';
import type { RowOutcome } from '../../models/index.ts';

/** A row to ask about, `alone` when it was refused before; or the reason why there is none. */
export type Question<Row> = { readonly row: Row; readonly alone: boolean } | { readonly error: unknown };

/** How one call is made: rejects as `Model.predict` does. Tells, before it settles, the version of the model that answers. */
export type Caller<Row, Answer> = (rows: readonly Row[], onVersion: (version: string) => void) => Promise<readonly Answer[]>;

/** What became of one row, and which version of the model said so, where it is known. */
export type Outcome<Answer> = RowOutcome<Answer> & { readonly version?: string | undefined };

export interface AskOptions {
  readonly signal: AbortSignal;
  /** How long an answer is still of use to somebody (milliseconds, may be infinite). */
  readonly leftMs: () => number;
  readonly retried: () => void;
  readonly split: () => void;
}

interface Ask<Row, Answer> extends AskOptions {
  readonly call: Caller<Row, Answer>;
}

/** Waits before a refused, retryable batch is asked again; the same server usually answers at the second time or never. */
const RETRY_MS = [50, 200];
/** A server that asks for a longer wait after a 500 is not asked again with this batch. */
const LONGEST_RETRY_MS = 30_000;

/**
 * Asks about rows, and finds the ones that are refused. Never rejects: as many outcomes as questions, by position.
 * Calls follow one another, so that one question is one call in flight at any time.
 */
export async function askModel<Row, Answer>(
  call: Caller<Row, Answer>,
  questions: readonly Question<Row>[],
  options: AskOptions,
): Promise<Outcome<Answer>[]> {
  const places = questions.flatMap((question, at) => ('error' in question ? [] : [{ row: question.row, alone: question.alone, at }]));
  const rows = places.map(({ row }) => row);
  const together = places.flatMap(({ alone }, i) => (alone ? [] : [i]));
  const single = places.flatMap(({ alone }, i) => (alone ? [[i]] : []));
  const answers = await askGroups({ ...options, call }, rows, [together, ...single], (group) => (group === together ? RETRY_MS.length : 0));
  const outcomes = questions.map((question): Outcome<Answer> => ('error' in question ? question : { error: undefined }));
  for (const [i, { at }] of places.entries()) outcomes[at] = answers[i] as Outcome<Answer>;
  return outcomes;
}

/** Groups of positions, one after the other; when nothing more can be learned, the rest is not asked. */
async function askGroups<Row, Answer>(
  ask: Ask<Row, Answer>,
  rows: readonly Row[],
  groups: ReadonlyArray<readonly number[]>,
  retries: (group: readonly number[]) => number,
): Promise<Outcome<Answer>[]> {
  const outcomes = new Array<Outcome<Answer>>(rows.length);
  let end: { error: unknown } | undefined;
  for (const group of groups) {
    if (group.length === 0) continue;
    const wanted = group.map((at) => rows[at] as Row);
    const last = end;
    const answers: Outcome<Answer>[] = last === undefined ? await askBatch(ask, wanted, retries(group)) : wanted.map(() => last);
    for (const [i, at] of group.entries()) outcomes[at] = answers[i] as Outcome<Answer>;
    end ??= ending(answers, ask.signal);
  }
  return outcomes;
}

/** One batch, and its parts when it is refused: the rows that the refusal names alone, or else halves. */
async function askBatch<Row, Answer>(ask: Ask<Row, Answer>, rows: readonly Row[], retries: number): Promise<Outcome<Answer>[]> {
  let version: string | undefined;
  try {
    const answers = await askAgain(ask, rows, retries, (told) => (version = told));
    return answers.map((answer) => ({ answer, version }));
  } catch (error) {
    const own = ownOutcomes<Answer>(error, rows.length);
    if (own !== undefined) return own.map((outcome) => ({ ...outcome, version }));
    if (rows.length === 1 || ends(error, ask.signal)) return rows.map(() => ({ error }));
    ask.split();
    return askGroups(ask, rows, partsOf(rows.length, error), () => 0);
  }
}

function partsOf(count: number, error: unknown): number[][] {
  const { rows: named } = error as { readonly rows?: unknown };
  const all = Array.from({ length: count }, (_, at) => at);
  const suspects = new Set(Array.isArray(named) ? named.filter((at) => all.includes(at as number)) : []);
  if (suspects.size > 0) return [all.filter((at) => !suspects.has(at)), ...all.filter((at) => suspects.has(at)).map((at) => [at])];
  const half = Math.ceil(count / 2);
  return [all.slice(0, half), all.slice(half)];
}

/** `RowErrors` has an outcome for every row. */
function ownOutcomes<Answer>(error: unknown, count: number): RowOutcome<Answer>[] | undefined {
  const { outcomes } = error as { readonly outcomes?: RowOutcome<Answer>[] };
  return isStreamerError(error) && Array.isArray(outcomes) && outcomes.length === count ? outcomes : undefined;
}

async function askAgain<Row, Answer>(
  ask: Ask<Row, Answer>,
  rows: readonly Row[],
  retries: number,
  onVersion: (version: string) => void,
): Promise<readonly Answer[]> {
  for (let tried = 0; ; tried++) {
    try {
      ask.signal.throwIfAborted();
      return await ask.call(rows, onVersion);
    } catch (error) {
      if (ends(error, ask.signal) || tried >= Math.min(retries, worth(error))) throw error;
      const waitMs = waitAfter(error, tried);
      if (waitMs >= Math.min(ask.leftMs(), LONGEST_RETRY_MS)) throw error;
      ask.retried();
      await delay(waitMs, undefined, { signal: ask.signal }).catch(() => {});
    }
  }
}

function waitAfter(error: unknown, tried: number): number {
  const { retryAfterMs } = error as { readonly retryAfterMs?: unknown };
  return Math.max((RETRY_MS[tried] ?? 0) * (0.5 + Math.random()), typeof retryAfterMs === 'number' ? retryAfterMs : 0);
}

/** Nothing else can be learned now: the model cannot be reached, or nobody waits for the answer any more. */
function ends(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || isUnavailable(error);
}

/** What is to be said of the rows that follow, when nothing more can be learned; `undefined` when it can. */
function ending(outcomes: ReadonlyArray<RowOutcome<unknown>>, signal: AbortSignal): { error: unknown } | undefined {
  if (signal.aborted) return { error: signal.reason };
  return outcomes.find((outcome): outcome is { error: unknown } => 'error' in outcome && isUnavailable(outcome.error));
}

/** How often the same batch is worth being asked again. */
function worth(error: unknown): number {
  if (!isStreamerError(error) || !error.retryable || 'outcomes' in error) return 0;
  return error.code === 'ANSWER' ? 1 : RETRY_MS.length;
}
