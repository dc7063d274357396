import { ConfigError, messageOf, propertyOf } from '../../errors.ts';

/** The part of onnxruntime-node that is used here; the package itself is an optional peer. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<OnnxSession> };
  readonly Tensor: new (type: string, data: Float32Array | readonly string[], dims: readonly number[]) => OnnxTensor;
}

export interface OnnxSession {
  readonly inputMetadata: readonly OnnxValue[];
  readonly outputMetadata: readonly OnnxValue[];
  run(feeds: Feeds, fetches: readonly string[]): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** Tensors by the names of the inputs. */
export type Feeds = Readonly<Record<string, OnnxTensor>>;

export interface OnnxValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Sizes; a name or -1 where any size fits. */
  readonly shape?: ReadonlyArray<number | string>;
}

export interface OnnxTensor {
  readonly data: ArrayLike<number | bigint | string>;
  readonly dims: readonly number[];
}

const PACKAGE = 'onnxruntime-node';

/** The install line: without the variable, the package downloads CUDA on Linux, which no CPU needs. */
const INSTALL = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}`;

/** @throws ConfigError with the install line, when the package is not there */
export async function loadRuntime(load: (name: string) => Promise<unknown> = (name) => import(name)): Promise<OnnxRuntime> {
  try {
    const module = await load(PACKAGE);
    return runtimeOf(propertyOf(module, 'InferenceSession') === undefined ? propertyOf(module, 'default') : module);
  } catch (cause) {
    const code = propertyOf(cause, 'code');
    const message = messageOf(cause);
    // Bundlers put a module that throws in the place of an optional peer that is absent.
    const isUnresolved = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || message.startsWith('Could not resolve');
    const isAbsent = isUnresolved && message.includes(PACKAGE);
    const what = isAbsent
      ? `a model in ONNX needs the package ${PACKAGE}, which is not installed`
      : `${PACKAGE} cannot be loaded: ${message}`;
    throw new ConfigError(what, { cause, next: `Install it: ${INSTALL}` });
  }
}

/** The module's own types are not at hand where the package is absent. */
function runtimeOf(module: unknown): OnnxRuntime {
  return module as OnnxRuntime;
}
