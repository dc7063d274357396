import { basename } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { checkValue, that, wholeNumber } from '../../options/index.ts';
import { HASH_ATTRIBUTE } from '../features/file.ts';
import type { Model } from '../model.ts';
import { type FeaturesSource, featuresWriter, listsAsTheyAre } from '../worker/features-writer.ts';
import { inProcess, type Loaded } from '../worker/in-process.ts';
import { openScorer } from '../worker/open.ts';
import type { RowWriter } from '../worker/scorer.ts';
import { bytesOf, locate, type ModelSource, pathOf } from '../worker/source.ts';
import { scorerThreads } from '../worker/threads.ts';
import type { EvaluatorOptions } from './evaluator.ts';
import type { ModelFile } from './model-file.ts';
import { type FeatureRow, type FeatureRowOptions, featureRowWriter } from './row-writer.ts';

export interface XgboostOptions<Row extends object = FeatureRow> extends EvaluatorOptions, FeatureRowOptions {
  /** How rows become numbers. A list is always the model's own features. @default an object has the feature names of the file */
  readonly features?: FeaturesSource<Row> | undefined;
  /**
   * The form of an answer: a number, or a list of numbers, which classes (`multi:softprob`), several targets and several quantiles need.
   *
   * @default 'number'
   */
  readonly answer?: 'number' | 'list' | undefined;
  /** Answer the sum over the trees, before the objective's transform. @default false */
  readonly margin?: boolean | undefined;
  /** An answer that is NaN or infinite, as for extreme rows, fails its row, or is given. @default 'refuse' */
  readonly nonFinite?: 'refuse' | 'answer' | undefined;
  /** Score in threads of their own (true: one), so that a heavy model leaves the consumer's event loop free. @default false */
  readonly inThread?: boolean | number | undefined;
  /** For logs and messages. @default the file's name */
  readonly name?: string | undefined;
}

/**
 * A model that XGBoost saved (`booster.save_model('model.json')` or `'model.ubj'`, version 1.6 to 3.2), computed in this process:
 * margins are equal to the library's to the last bit, predictions up to the last bits of `exp`.
 *
 *     const price = xgboost('model.json', { features: cars });
 *     const classes = xgboost('classes.ubj', { answer: 'list', inThread: 2 });
 *
 * The file is read at the start. A row that does not fit fails alone: it lacks a feature, or has one, or a category, that the model does not
 * know. After early stopping the best rounds are used, as `XGBClassifier.predict` does; see `rounds`.
 *
 * @throws ConfigError from `start`, and the first `predict`: the file cannot be read, is damaged, of a version or an objective that
 * is not supported, or does not fit the options
 */
export function xgboost<Row extends object = FeatureRow>(
  source: ModelSource,
  options: XgboostOptions<Row> & { readonly answer: 'list' },
): Model<Row, number[]>;
export function xgboost<Row extends object = FeatureRow>(
  source: ModelSource,
  options?: XgboostOptions<Row> & { readonly answer?: 'number' | undefined },
): Model<Row, number>;
export function xgboost<Row extends object = FeatureRow>(
  source: ModelSource,
  options: XgboostOptions<Row> = {},
): Model<Row, number> | Model<Row, number[]> {
  const threads = threadsOf(options.inThread);
  const path = pathOf(source);
  const name = options.name ?? (path === undefined ? 'xgboost' : basename(path));
  if (options.answer === 'list')
    return inProcess<Row, number[]>(name, () => load(source, options, threads, (values) => Array.from(values)));
  return inProcess<Row, number>(name, () => load(source, options, threads, (values) => values[0] ?? Number.NaN));
}

async function load<Row extends object, Answer>(
  source: ModelSource,
  options: XgboostOptions<Row>,
  threads: number,
  answerOf: (values: Float32Array) => Answer,
): Promise<Loaded<Row, Answer>> {
  const bytes = await bytesOf(source);
  const { rounds, anyVersion, margin = false } = options;
  const spec = { kind: 'xgboost', bytes, rounds, anyVersion, margin } as const;
  try {
    const { evaluator, ...scorer } = openScorer(spec);
    if (options.answer !== 'list' && scorer.width > 1)
      throw new ConfigError(`the model answers ${scorer.width} numbers a row`, { next: "Set `answer: 'list'`." });
    const writer = await writerOf(source, evaluator.file, options);
    const mayBeNonFinite = options.nonFinite === 'answer';
    return { scorer: threads === 0 ? scorer : await scorerThreads(spec, scorer, threads), writer, answerOf, mayBeNonFinite };
  } catch (error) {
    throw locate(error, source);
  }
}

async function writerOf<Row extends object>(source: ModelSource, file: ModelFile, options: XgboostOptions<Row>): Promise<RowWriter<Row>> {
  const { features, featureNames } = options;
  const plain = featureRowWriter(file, options);
  if (features === undefined) return plain;
  const columns = { source, count: file.features, names: featureNames ?? file.featureNames, hash: file.attributes[HASH_ATTRIBUTE] };
  return listsAsTheyAre(plain, await featuresWriter(features, columns));
}

function threadsOf(inThread: boolean | number = false): number {
  const threads = Number(inThread);
  checkValue(
    'inThread',
    that('true, false or a whole number of threads up to 256', () => wholeNumber(0, 256).fits(threads)),
    inThread,
  );
  return threads;
}
