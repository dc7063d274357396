import type { Model } from '../model.ts';
import { ModelError, RowErrors, type RowOutcome } from '../model-error.ts';
import type { RowWriter, Scorer } from './scorer.ts';

export interface Loaded<Row, Answer> {
  readonly scorer: Scorer;
  readonly writer: RowWriter<Row>;
  /** The answer of one row, from its `width` numbers. */
  readonly answerOf: (values: Float32Array) => Answer;
  /** May an answer be NaN or infinite? @default false: the row fails */
  readonly mayBeNonFinite?: boolean | undefined;
}

/**
 * A model that is computed in this process. It is loaded by `start` or the first row, and again after `close`, so that a file
 * that was replaced meanwhile is read anew. Rows that do not fit, and answers that are no numbers, fail alone (`RowErrors`).
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
      return answers(name, model, rows, (scored) => {
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
  wait: (scored: Promise<Float32Array>) => Promise<Float32Array>,
): Promise<Answer[]> {
  const { scorer, writer, answerOf, mayBeNonFinite = false } = model;
  const { features, width } = scorer;
  const numbers = new Float32Array(rows.length * features);
  const refused = new Map<number, unknown>();
  for (let at = 0, count = 0; at < rows.length; at++) {
    try {
      writer.write(rows[at] as Row, numbers, count * features);
      count++;
    } catch (error) {
      refused.set(at, error);
    }
  }
  const scored = scorer.score(numbers, rows.length - refused.size);
  const values = scored instanceof Float32Array ? scored : await wait(scored);
  const failed = new Map(refused);
  const list: Answer[] = [];
  for (let at = 0, count = 0; at < rows.length; at++) {
    if (refused.has(at)) continue;
    const row = values.subarray(count * width, (count + 1) * width);
    if (!mayBeNonFinite && !row.every(Number.isFinite))
      failed.set(at, new ModelError('ANSWER', `${name} answers ${row.join(', ')}, which is no finite number`, { retryable: false }));
    list.push(answerOf(row));
    count++;
  }
  if (failed.size > 0) throw new RowErrors(outcomes(rows.length, list, refused, failed));
  return list;
}

function outcomes<Answer>(
  count: number,
  list: readonly Answer[],
  refused: ReadonlyMap<number, unknown>,
  failed: ReadonlyMap<number, unknown>,
): RowOutcome<Answer>[] {
  let next = 0;
  return Array.from({ length: count }, (_, at) => {
    const answer = refused.has(at) ? undefined : (list[next++] as Answer);
    return failed.has(at) ? { error: failed.get(at) } : { answer: answer as Answer };
  });
}

/** The result, unless the signal is aborted before; what is computed in a thread is then of no use any more. */
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
