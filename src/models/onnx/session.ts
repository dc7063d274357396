import { ConfigError, messageOf } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import type { Feeds, OnnxRuntime, OnnxSession, OnnxValue } from './runtime.ts';
import { withoutZipMap } from './zip-map.ts';

/** @throws ConfigError when onnxruntime cannot read the model */
export async function openSession(runtime: OnnxRuntime, bytes: Uint8Array, threads: number): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(withoutZipMap(bytes), { intraOpNumThreads: threads, interOpNumThreads: 1 });
  } catch (cause) {
    throw new ConfigError(`onnxruntime cannot read the model: ${messageOf(cause)}`, { cause });
  }
}

/** The output that is the answer. */
export interface Output {
  readonly name: string;
  /** Numbers of a row. */
  readonly width: number;
}

export interface OutputChoice {
  readonly output?: string | undefined;
  readonly answer?: 'number' | 'list' | undefined;
  readonly column?: number | undefined;
}

/** @throws ConfigError when the options leave open which output is the answer */
export function outputOf({ outputMetadata }: OnnxSession, choice: OutputChoice): Output {
  const { name, shape = [] } = chosen(outputMetadata, choice.output);
  const width = shape.length < 2 ? 1 : shape[1];
  if (typeof width !== 'number' || width < 1 || shape.length > 2)
    throw new ConfigError(`the output ${JSON.stringify(name)} must be [rows, numbers], got [${shape.join(', ')}]`);
  const { answer, column } = choice;
  if (answer !== 'list' && column === undefined && width > 1)
    throw new ConfigError(`the output ${JSON.stringify(name)} has ${width} numbers a row`, {
      next: "Choose one by `column`, or set `answer: 'list'`.",
    });
  if (column !== undefined && column >= width)
    throw new ConfigError(`the output ${JSON.stringify(name)} has ${width} numbers a row, and no column ${column}`);
  return { name, width };
}

function chosen(outputs: readonly OnnxValue[], wanted: string | undefined): OnnxValue {
  const tensors = outputs.filter(({ isTensor, type }) => isTensor && type !== 'string');
  const names = outputs.map(({ name, isTensor }) => `${name}${isTensor ? '' : ' (no tensor)'}`).join(', ');
  const next = 'Choose one by `output`.';
  if (wanted !== undefined) {
    const named = tensors.find(({ name }) => name === wanted);
    if (named !== undefined) return named;
    throw new ConfigError(`the model has no tensor of numbers ${JSON.stringify(wanted)}, but ${names}`, { next });
  }
  const probabilities = tensors.filter(({ name }) => /probabilit/.test(name));
  const [only, ...others] = outputs.length === 1 ? tensors : probabilities;
  if (only === undefined || others.length > 0) throw new ConfigError(`the model has the outputs ${names}`, { next });
  return only;
}

/** Resolves to the output's numbers, `width` for each row. */
export async function run(session: OnnxSession, feeds: Feeds, { name, width }: Output, count: number): Promise<Float32Array> {
  const data = (await session.run(feeds, [name]))[name]?.data ?? [];
  if (data.length !== count * width)
    throw new ModelError('ANSWER', `the model was asked ${count} rows and answered ${data.length / width}`);
  return Float32Array.from<number | bigint | string>(data, Number);
}
