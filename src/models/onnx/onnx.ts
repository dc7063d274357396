import { basename } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { checkValue, wholeNumber } from '../../options/index.ts';
import type { Model } from '../model.ts';
import { type FeaturesSource, featuresWriter, listsAsTheyAre } from '../worker/features-writer.ts';
import { inProcess, type Loaded } from '../worker/in-process.ts';
import { bytesOf, locate, type ModelSource, pathOf } from '../worker/source.ts';
import { inputsOf, listWriter } from './inputs.ts';
import { loadRuntime } from './runtime.ts';
import { fieldScorer, matrixScorer } from './scorers.ts';
import { openSession, outputOf } from './session.ts';

export interface OnnxOptions<Row extends object> {
  /** How rows become numbers, for a model with one matrix as its input. Without, a row is a list of numbers. */
  readonly features?: FeaturesSource<Row> | undefined;
  /** The output that is the answer. @default the only tensor, or the one of probabilities */
  readonly output?: string | undefined;
  /** The form of an answer: a number, or the list of all numbers of the row, as the probabilities of the classes. @default 'number' */
  readonly answer?: 'number' | 'list' | undefined;
  /** The place of the answer among the numbers of the row, from 0; with two classes, 1 is the probability of the second. */
  readonly column?: number | undefined;
  /** Threads of one call. @default 1 */
  readonly threads?: number | undefined;
  /** For logs and messages. @default the file's name */
  readonly name?: string | undefined;
}

/**
 * A model in ONNX, as skl2onnx and onnxmltools write scikit-learn's and XGBoost's, computed by `onnxruntime-node` outside the event
 * loop. The package is an optional peer:
 *
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node
 *
 * Its input is one float32 matrix (a row is a list of numbers, or is encoded by `features`), or a float32 or string column for each field of
 * the row.
 * The probabilities of a classifier are a matrix, also where the file has them as maps (ZipMap): a column for each class.
 *
 * @throws ConfigError from `start`, and the first `predict`: the package is absent (the message has the install line), the model cannot be
 * read, or does not fit the options
 */
export function onnx<Row extends object = readonly (number | null)[]>(
  source: ModelSource,
  options: OnnxOptions<Row> & { readonly answer: 'list' },
): Model<Row, number[]>;
export function onnx<Row extends object = readonly (number | null)[]>(
  source: ModelSource,
  options?: OnnxOptions<Row> & { readonly answer?: 'number' | undefined },
): Model<Row, number>;
export function onnx<Row extends object>(source: ModelSource, options: OnnxOptions<Row> = {}): Model<Row, number> | Model<Row, number[]> {
  const { answer, column, threads = 1 } = options;
  checkValue('onnx: threads', wholeNumber(1), threads);
  if (column !== undefined && (answer === 'list' || !Number.isInteger(column) || column < 0))
    throw new ConfigError('onnx: column is a position from 0, and goes with one number as the answer');
  const path = pathOf(source);
  const name = options.name ?? (path === undefined ? 'onnx' : basename(path));
  if (answer === 'list') return inProcess<Row, number[]>(name, () => load(source, options, (values) => Array.from(values)));
  return inProcess<Row, number>(name, () => load(source, options, (values) => values[column ?? 0] ?? Number.NaN));
}

async function load<Row extends object, Answer>(
  source: ModelSource,
  options: OnnxOptions<Row>,
  answerOf: (values: Float32Array) => Answer,
): Promise<Loaded<Row, Answer>> {
  const runtime = await loadRuntime();
  const bytes = await bytesOf(source);
  try {
    const session = await openSession(runtime, bytes, options.threads ?? 1);
    const inputs = inputsOf(session.inputMetadata);
    const output = outputOf(session, options);
    const only = inputs.length === 1 && inputs[0]?.isText === false ? inputs[0] : undefined;
    if (only !== undefined) {
      const columns = { source, count: only.width, names: [], hash: undefined };
      const lists = listWriter(only.width);
      const writer = options.features === undefined ? lists : listsAsTheyAre(lists, await featuresWriter(options.features, columns));
      return { writer, answerOf, scorer: matrixScorer(runtime, session, only, output) };
    }
    if (options.features !== undefined) throw new ConfigError('the model takes fields by name, so it has no use for `features`');
    return { ...fieldScorer<Row>(runtime, session, inputs, output), answerOf };
  } catch (error) {
    throw locate(error, source);
  }
}
