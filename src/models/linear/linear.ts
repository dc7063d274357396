import { basename } from 'node:path';
import { isStreamerError, messageOf } from '../../errors.ts';
import type { Model } from '../model.ts';
import { answersOf, ModelError, type RowOutcome } from '../model-error.ts';
import { type AnyRecord, isList, isRecord, valueOf } from '../record.ts';
import { type FeaturesSource, featuresWriter } from '../worker/features-writer.ts';
import { bytesOf, locate, type ModelSource, pathOf } from '../worker/source.ts';
import { type LinearFile, type LinearLink, readLinearFile } from './linear-file.ts';
import { termsOf } from './sum.ts';

export interface LinearOptions<Row extends object> {
  /** How rows become numbers, for a model whose `features` are its columns. @default fields are taken from the row by name */
  readonly features?: FeaturesSource<Row> | undefined;
  /** The meaning of the sum, for a file that does not have it. */
  readonly link?: LinearLink | undefined;
  /** A category that the model does not know adds nothing, as in scikit-learn's encoder, or is refused. @default 'zero' */
  readonly unknownCategory?: 'zero' | 'refuse' | undefined;
  /** Answer the sum itself. @default false */
  readonly margin?: boolean | undefined;
  /** For logs and messages. @default the file's name */
  readonly name?: string | undefined;
}

/** Scores one row, in 64-bit floats. */
type Score<Row> = (row: Row, exactTypes: boolean) => number;

/**
 * A linear or logistic regression from a plain JSON file (its forms: `readLinearFile`), computed in this process. Answers the value, or the
 * probability of the second class. Fields of a row that the model does not know are ignored; a row that lacks one fails alone.
 *
 *     const yes = linear<Customer>('weights.json');
 *
 * @throws ConfigError from `start`, and the first `predict`: the file cannot be read or does not fit the options
 */
export function linear<Row extends object = AnyRecord>(source: ModelSource, options: LinearOptions<Row> = {}): Model<Row, number> {
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
      return answersOf(rows.map((row) => outcomeOf(name, score, row, call?.exactTypes === true)));
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
  return (row, exactTypes) => {
    const values = valuesOf(row);
    if (exactTypes) checkTypes(file, options.features === undefined || isList(row) ? values : row);
    return answerOf(terms.reduce((sum, term, at) => sum + term(values[at]), 0) + file.intercept);
  };
}

/** @throws ModelError `REFUSED` that names the field, when a number is true or false */
function checkTypes({ fields }: LinearFile, values: unknown): void {
  fields.forEach(({ field, kind }, at) => {
    const value = isList(values) ? values[at] : valueOf(values, field);
    if (kind === 'number' && typeof value === 'boolean')
      throw new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be a number, got ${value}`, { field });
  });
}

function byName({ fields }: LinearFile): (row: unknown) => ArrayLike<unknown> {
  const names = fields.map(({ field }) => field);
  return (row) => {
    if (isList(row)) {
      if (row.length !== names.length) throw new ModelError('REFUSED', `a row must have ${names.length} fields, got ${row.length}`);
      return row;
    }
    if (!isRecord(row)) throw new ModelError('REFUSED', 'a row must be an object or a list');
    return names.map((name) => valueOf(row, name));
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
  const lists = byName(file);
  return (row) => {
    if (isList(row)) return lists(row);
    writer.write(row, values, 0);
    return values;
  };
}

function outcomeOf<Row>(name: string, score: Score<Row>, row: Row, exactTypes: boolean): RowOutcome<number> {
  try {
    const answer = score(row, exactTypes);
    if (Number.isFinite(answer)) return { answer };
    return { error: new ModelError('ANSWER', `${name} answers ${answer}, which is not a finite number`, { retryable: false }) };
  } catch (error) {
    return { error: isStreamerError(error) ? error : new ModelError('REFUSED', messageOf(error), { cause: error }) };
  }
}
