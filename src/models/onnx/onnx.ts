import { basename } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Model } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { type FeaturesSource, featuresWriter, listsAsTheyAre } from '../worker/features-writer.ts';
import { inProcess, type Loaded } from '../worker/in-process.ts';
import type { RowWriter } from '../worker/scorer.ts';
import { bytesOf, locate, type ModelSource, pathOf } from '../worker/source.ts';
import { checkRow, columns, type Input, inputsOf, listWriter, matrix } from './inputs.ts';
import { loadRuntime, type OnnxRuntime, type OnnxSession } from './runtime.ts';
import { withoutZipMap } from './zip-map.ts';

export interface OnnxOptions<Row extends object> {
  /** How rows become numbers, for a model with one matrix as its input. Without, a row is a list of numbers. */
  readonly features?: FeaturesSource<Row> | undefined;
  /** The output that is the answer. @default the only tensor, or the one of probabilities */
  readonly output?: string | undefined;
  /** What an answer is: a number, or the list of all numbers of the row, as the probabilities of the classes. @default 'number' */
  readonly answer?: 'number' | 'list' | undefined;
  /** Which number of the row is the answer, from 0; with two classes, 1 is the probability of the second. */
  readonly column?: number | undefined;
  /** Threads of one call. @default 1 */
  readonly threads?: number | undefined;
  /** For logs and messages. @default the file's name */
  readonly name?: string | undefined;
}

/**
 * A model in ONNX, as skl2onnx and onnxmltools write scikit-learn's and XGBoost's, computed by `onnxruntime-node` outside the event loop. That package is an optional peer:
 *
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node
 *
 * Its input is one float32 matrix (a row is a list of numbers, or what `features` make of it), or a float32 or string column for each field of the row.
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
  if (!Number.isInteger(threads) || threads < 1)
    throw new ConfigError(`onnx: threads must be a whole number of at least 1, got ${threads}`);
  if (column !== undefined && (answer === 'list' || !Number.isInteger(column) || column < 0))
    throw new ConfigError('onnx: column is a position from 0, and goes with one number as the answer');
  const path = pathOf(source);
  const name = options.name ?? (path === undefined ? 'onnx' : basename(path));
  if (answer === 'list') return inProcess<Row, number[]>(name, () => load(source, options, (values) => Array.from(values)));
  return inProcess<Row, number>(name, () => load(source, options, (values) => values[column ?? 0] as number));
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

/** @throws ConfigError when it is no model that onnxruntime reads */
export async function openSession(runtime: OnnxRuntime, bytes: Uint8Array, threads: number): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(withoutZipMap(bytes), { intraOpNumThreads: threads, interOpNumThreads: 1 });
  } catch (cause) {
    throw new ConfigError(`onnxruntime cannot read the model: ${(cause as Error).message}`, { cause });
  }
}

interface Output {
  readonly name: string;
  readonly width: number;
}

/** @throws ConfigError when it is not clear which output is the answer */
export function outputOf({ outputMetadata }: OnnxSession, { output, answer, column }: OnnxOptions<never>): Output {
  const tensors = outputMetadata.filter(({ isTensor, type }) => isTensor && type !== 'string');
  const probabilities = tensors.filter(({ name }) => /probabilit/.test(name));
  const names = outputMetadata.map(({ name, isTensor }) => `${name}${isTensor ? '' : ' (no tensor)'}`).join(', ');
  const chosen =
    output !== undefined
      ? tensors.find(({ name }) => name === output)
      : outputMetadata.length === 1
        ? tensors[0]
        : probabilities.length === 1
          ? probabilities[0]
          : undefined;
  if (chosen === undefined) {
    const next = 'Name one by `output`.';
    throw new ConfigError(
      output === undefined
        ? `the model has the outputs ${names}`
        : `the model has no tensor of numbers ${JSON.stringify(output)}, but ${names}`,
      { next },
    );
  }
  const { shape = [] } = chosen;
  const width = shape.length < 2 ? 1 : shape[1];
  if (typeof width !== 'number' || width < 1 || shape.length > 2)
    throw new ConfigError(`the output ${JSON.stringify(chosen.name)} must be [rows, numbers], got [${shape.join(', ')}]`);
  if (answer !== 'list' && column === undefined && width > 1)
    throw new ConfigError(`the output ${JSON.stringify(chosen.name)} has ${width} numbers a row`, {
      next: "Say which one by `column`, or `answer: 'list'`.",
    });
  if (column !== undefined && column >= width)
    throw new ConfigError(`the output ${JSON.stringify(chosen.name)} has ${width} numbers a row, and no column ${column}`);
  return { name: chosen.name, width };
}

function matrixScorer(runtime: OnnxRuntime, session: OnnxSession, input: Input, output: Output): Loaded<never, never>['scorer'] {
  return {
    features: input.width,
    width: output.width,
    async score(rows, count) {
      if (count === 0) return new Float32Array(0);
      return run(session, matrix(runtime, input, rows.subarray(0, count * input.width), count), output, count);
    },
    close: () => session.release(),
  };
}

/** Rows with texts do not fit into numbers: what is written of a row is its place in a list that lives as long as the call. */
function fieldScorer<Row extends object>(
  runtime: OnnxRuntime,
  session: OnnxSession,
  inputs: readonly Input[],
  output: Output,
): Pick<Loaded<Row, never>, 'scorer' | 'writer'> {
  const wide = inputs.find(({ width }) => width !== 1);
  if (wide !== undefined)
    throw new ConfigError(`the model's input ${JSON.stringify(wide.name)} has ${wide.width} columns beside other inputs`);
  let written: Array<Readonly<Record<string, unknown>>> = [];
  const writer: RowWriter<Row> = {
    write(row, _into, at) {
      checkRow(inputs, row);
      if (at === 0) written = [];
      written.push(row as Readonly<Record<string, unknown>>);
    },
  };
  return {
    writer,
    scorer: {
      features: 1,
      width: output.width,
      async score(_rows, count) {
        if (count === 0) return new Float32Array(0);
        return run(session, columns(runtime, inputs, written.slice(0, count)), output, count);
      },
      close: () => session.release(),
    },
  };
}

async function run(
  session: OnnxSession,
  feeds: Parameters<OnnxSession['run']>[0],
  { name, width }: Output,
  count: number,
): Promise<Float32Array> {
  const { data } = (await session.run(feeds, [name]))[name] as { data: ArrayLike<number | bigint | string> };
  if (data.length !== count * width)
    throw new ModelError('ANSWER', `the model was asked ${count} rows and answered ${data.length / width}`);
  return Float32Array.from(data as ArrayLike<number>, Number);
}
