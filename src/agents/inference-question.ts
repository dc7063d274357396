import { setTimeout as delay } from 'node:timers/promises';
import { isStreamerError, isUnavailable } from '../errors.ts';
import { type Model, ModelError } from '../models/index.ts';

export type Outcome<Answer> = { readonly answer: Answer } | { readonly error: unknown };

/** A row to ask about, `alone` when it was refused before; or the reason why there is none. */
export type Question<Row> = { readonly row: Row; readonly alone: boolean } | { readonly error: unknown };

export interface AskOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Waits before a refused, retryable batch is asked again; the same server usually answers at the second time or never. */
const RETRY_MS = [50, 200];

/**
 * Asks a model about rows, and finds the ones it refuses. Never rejects: as many outcomes as questions, by position.
 * Calls follow one another, so that one question is one call in flight at any time.
 */
export async function askModel<Row, Answer>(
  model: Model<Row, Answer>,
  questions: readonly Question<Row>[],
  options: AskOptions,
): Promise<Outcome<Answer>[]> {
  const outcomes = questions.map((question): Outcome<Answer> => ('error' in question ? question : { error: undefined }));
  const places = questions.flatMap((question, at) => ('error' in question ? [] : [{ row: question.row, alone: question.alone, at }]));
  const together = places.filter(({ alone }) => !alone);
  const groups = [together, ...places.filter(({ alone }) => alone).map((place) => [place])].filter((group) => group.length > 0);

  let hopeless: { error: unknown } | undefined;
  for (const group of groups) {
    const rows = group.map(({ row }) => row);
    const retries = group === together ? RETRY_MS.length : 0;
    const end = hopeless;
    const answers: Outcome<Answer>[] = end === undefined ? await ask(model, rows, retries, options) : rows.map(() => end);
    group.forEach(({ at }, i) => {
      outcomes[at] = answers[i] as Outcome<Answer>;
    });
    hopeless ??= ending(answers, options.signal);
  }
  return outcomes;
}

/** One batch, and its halves when it is refused. */
async function ask<Row, Answer>(
  model: Model<Row, Answer>,
  rows: readonly Row[],
  retries: number,
  options: AskOptions,
): Promise<Outcome<Answer>[]> {
  try {
    const answers = await predict(model, rows, retries, options);
    return answers.map((answer) => ({ answer }));
  } catch (error) {
    if (rows.length === 1 || ends(error, options.signal)) return rows.map(() => ({ error }));
    const half = Math.ceil(rows.length / 2);
    const left = await ask(model, rows.slice(0, half), 0, options);
    const end = ending(left, options.signal);
    return [...left, ...(end === undefined ? await ask(model, rows.slice(half), 0, options) : rows.slice(half).map(() => end))];
  }
}

async function predict<Row, Answer>(
  model: Model<Row, Answer>,
  rows: readonly Row[],
  retries: number,
  options: AskOptions,
): Promise<Answer[]> {
  for (let tried = 0; ; tried++) {
    try {
      options.signal.throwIfAborted();
      const answers = await model.predict(rows, options);
      if (answers.length !== rows.length)
        throw new ModelError('ANSWER', `model ${model.name} was asked ${rows.length} rows and answered ${answers.length}`);
      return answers;
    } catch (error) {
      const wait = RETRY_MS[tried];
      if (ends(error, options.signal) || wait === undefined || tried >= Math.min(retries, worth(error))) throw error;
      await delay(wait * (0.5 + Math.random()), undefined, { signal: options.signal }).catch(() => {});
    }
  }
}

/** Nothing else can be learned now: the model cannot be reached, or nobody waits for the answer any more. */
function ends(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || isUnavailable(error);
}

/** What is to be said of the rows that follow, when nothing more can be learned; `undefined` when it can. */
function ending(outcomes: ReadonlyArray<Outcome<unknown>>, signal: AbortSignal): { error: unknown } | undefined {
  if (signal.aborted) return { error: signal.reason };
  return outcomes.find((outcome): outcome is { error: unknown } => 'error' in outcome && isUnavailable(outcome.error));
}

/** How often the same batch is worth being asked again. */
function worth(error: unknown): number {
  if (!isStreamerError(error) || !error.retryable) return 0;
  return error.code === 'ANSWER' ? 1 : RETRY_MS.length;
}
