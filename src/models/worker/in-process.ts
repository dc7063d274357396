import type { Model } from '../model.ts';
import { answersOf, ModelError, type RowOutcome } from '../model-error.ts';
import type { RowWriter, Scorer } from './scorer.ts';

export interface Loaded<Row, Answer> {
  readonly scorer: Scorer;
  readonly writer: RowWriter<Row>;
  /** Returns the answer of one row, from its `width` numbers. */
  readonly answerOf: (values: Float32Array) => Answer;
  /** With `true`, an answer may be NaN or infinite. @default false: the row fails */
  readonly mayBeNonFinite?: boolean | undefined;
}

/**
 * Returns a model that is computed in this process. It is loaded by `start` or the first row, and again after `close`, so that a file that
 * was replaced meanwhile is read again. A row that does not fit, or whose answer is not a number, fails alone (`RowErrors`).
 */
export function inProcess<Row, Answer>(name: string, load: () => Promise<Loaded<Row, Answer>>): Model<Row, Answer> {
  let loading: Promise<Loaded<Row, Answer>> | undefined;
  const scoring = new Set<Promise<unknown>>();
  const loaded = (): Promise<Loaded<Row, Answer>> => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    name,
    async predict(rows, options) {
      const model = await loaded();
      options?.signal?.throwIfAborted();
      return answers(name, model, rows, options?.exactTypes === true, (scored) => {
        scoring.add(scored);
        const forget = () => scoring.delete(scored);
        scored.then(forget, forget);
        return before(scored, options?.signal);
      });
    },
    async start() {
      await loaded();
    },
    async health() {
      await loaded();
    },
    async close() {
      const open = loading;
      loading = undefined;
      // Another agent may be in the middle of a call.
      await Promise.allSettled(scoring);
      await (await open?.catch(() => undefined))?.scorer.close?.();
    },
  };
}

async function answers<Row, Answer>(
  name: string,
  model: Loaded<Row, Answer>,
  rows: readonly Row[],
  exactTypes: boolean,
  wait: (scored: Promise<Float32Array>) => Promise<Float32Array>,
): Promise<Answer[]> {
  const { scorer, writer } = model;
  const { features, width } = scorer;
  const numbers = new Float32Array(rows.length * features);
  const refused = new Map<number, unknown>();
  let count = 0;
  rows.forEach((row, at) => {
    try {
      writer.write(row, numbers, count * features);
      if (exactTypes) writer.checkTypes?.(row);
      count++;
    } catch (error) {
      refused.set(at, error);
    }
  });
  const scored = scorer.score(numbers, count);
  const values = scored instanceof Float32Array ? scored : await wait(scored);
  if (refused.size === 0 && (model.mayBeNonFinite === true || values.every(Number.isFinite))) return all(model, values, count);
  let next = 0;
  const outcomes = Array.from(rows, (_, at): RowOutcome<Answer> => {
    if (refused.has(at)) return { error: refused.get(at) };
    return outcomeOf(name, model, values.subarray(next, (next += width)));
  });
  return answersOf(outcomes);
}

/** The usual case, in which every row has an answer. */
function all<Answer>({ scorer: { width }, answerOf }: Loaded<never, Answer>, values: Float32Array, count: number): Answer[] {
  const answered: Answer[] = [];
  for (let row = 0; row < count; row++) answered.push(answerOf(values.subarray(row * width, (row + 1) * width)));
  return answered;
}

function outcomeOf<Answer>(
  name: string,
  { answerOf, mayBeNonFinite = false }: Loaded<never, Answer>,
  values: Float32Array,
): RowOutcome<Answer> {
  if (mayBeNonFinite || values.every(Number.isFinite)) return { answer: answerOf(values) };
  return { error: new ModelError('ANSWER', `${name} answers ${values.join(', ')}, which is not a finite number`, { retryable: false }) };
}

/** Resolves to the result, or rejects when the signal is aborted first: nobody needs what a thread still computes then. */
async function before<Value>(result: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return result;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
