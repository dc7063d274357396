import { basename } from 'node:path';
import { StreamerError } from '../../errors.ts';
import type { Model } from '../model.ts';
import { ModelError, RowErrors, type RowOutcome } from '../model-error.ts';
import { type FeaturesSource, featuresWriter } from '../worker/features-writer.ts';
import { bytesOf, locate, type ModelSource, pathOf } from '../worker/source.ts';
import { type LinearFile, type LinearLink, readLinearFile } from './linear-file.ts';
import { termsOf } from './sum.ts';

export interface LinearOptions<Row extends object> {
  /** How rows become numbers, for a model whose `features` are its columns. Without, fields are taken from the row by name. */
  readonly features?: FeaturesSource<Row> | undefined;
  /** What the sum means, for a file that does not say. */
  readonly link?: LinearLink | undefined;
  /** What a category that the model does not know adds. @default 'zero': nothing, as scikit-learn's encoder has it */
  readonly unknownCategory?: 'zero' | 'refuse' | undefined;
  /** Answer the sum as it is. @default false */
  readonly margin?: boolean | undefined;
  /** For logs and messages. @default the file's name */
  readonly name?: string | undefined;
}

/** Scores one row, in 64-bit floats. */
type Score<Row> = (row: Row) => number;

/**
 * A linear or logistic regression from a plain JSON file (its forms: `readLinearFile`), computed in this process. Answers the value, or the
 * probability of the second class. Fields of a row that the model does not know are passed over; a row that lacks one fails alone.
 *
 *     const yes = linear<Customer>('weights.json');
 *
 * @throws ConfigError from `start`, and the first `predict`: the file cannot be read or does not fit the options
 */
export function linear<Row extends object = Readonly<Record<string, unknown>>>(
  source: ModelSource,
  options: LinearOptions<Row> = {},
): Model<Row, number> {
  const path = pathOf(source);
  const name = options.name ?? (path === undefined ? 'linear' : basename(path));
  let loading: Promise<Score<Row>> | undefined;
  const loaded = (): Promise<Score<Row>> => {
    loading ??= load(source, options).catch((error: unknown) => {
      loading = undefined;
      throw locate(error, source);
    });
    return loading;
  };
  return {
    name,
    async predict(rows, call) {
      const score = await loaded();
      call?.signal?.throwIfAborted();
      const outcomes = rows.map((row) => outcomeOf(name, score, row));
      if (outcomes.some((outcome) => 'error' in outcome)) throw new RowErrors(outcomes);
      return outcomes.map((outcome) => (outcome as { answer: number }).answer);
    },
    async start() {
      await loaded();
    },
    async health() {
      await loaded();
    },
    async close() {
      loading = undefined;
    },
  };
}

async function load<Row extends object>(source: ModelSource, options: LinearOptions<Row>): Promise<Score<Row>> {
  const file = readLinearFile(new TextDecoder().decode(await bytesOf(source)), options.link);
  const terms = termsOf(file, { unknownCategory: options.unknownCategory ?? 'zero' });
  const answerOf = file.link === 'identity' || options.margin === true ? (sum: number) => sum : (sum: number) => 1 / (1 + Math.exp(-sum));
  const valuesOf = options.features === undefined ? byName(file) : await encoded(source, options.features, file);
  return (row) => {
    const values = valuesOf(row);
    let sum = 0;
    for (let at = 0; at < terms.length; at++) sum += (terms[at] as (value: unknown) => number)(values[at]);
    return answerOf(sum + file.intercept);
  };
}

function byName<Row extends object>({ fields }: LinearFile): (row: Row) => ArrayLike<unknown> {
  const names = fields.map(({ field }) => field);
  return (row) => {
    if (Array.isArray(row) || ArrayBuffer.isView(row)) {
      const list = row as unknown as ArrayLike<unknown>;
      if (list.length !== names.length) throw new ModelError('REFUSED', `a row must have ${names.length} fields, got ${list.length}`);
      return list;
    }
    if (typeof row !== 'object' || row === null) throw new ModelError('REFUSED', 'a row must be an object or a list');
    return names.map((name) => (row as Record<string, unknown>)[name]);
  };
}

async function encoded<Row extends object>(
  source: ModelSource,
  from: FeaturesSource<Row>,
  file: LinearFile,
): Promise<(row: Row) => ArrayLike<unknown>> {
  const names = file.fields.map(({ field }) => field);
  const writer = await featuresWriter(from, { source, count: names.length, names, hash: file.featuresHash });
  const values = new Float32Array(names.length);
  const lists = byName<Row>(file);
  return (row) => {
    if (Array.isArray(row) || ArrayBuffer.isView(row)) return lists(row);
    writer.write(row, values, 0);
    return values;
  };
}

function outcomeOf<Row>(name: string, score: Score<Row>, row: Row): RowOutcome<number> {
  try {
    const answer = score(row);
    if (Number.isFinite(answer)) return { answer };
    return { error: new ModelError('ANSWER', `${name} answers ${answer}, which is no finite number`, { retryable: false }) };
  } catch (error) {
    return { error: error instanceof StreamerError ? error : new ModelError('REFUSED', (error as Error).message, { cause: error }) };
  }
}
