import { existsSync } from 'node:fs';
import { ConfigError } from '../../errors.ts';
import type { Features } from '../features/features.ts';
import { readFeatures } from '../features/file.ts';
import type { AnyRecord } from '../record.ts';

export interface EncoderFile {
  readonly file: string;
  /** Undefined when the file cannot be read here; `problem` says why. */
  readonly features: Features<AnyRecord> | undefined;
  readonly problem: ConfigError | undefined;
}

/** `model.json` has its features in `model.features.json`, or, from Python, in `model.encoder.json`. */
const SUFFIXES = ['.features.json', '.encoder.json'];

/**
 * Resolves to the declaration of features for a model file: the given one, or the one beside the file.
 *
 * @throws ConfigError when the given one cannot be read
 */
export async function encoderOf(modelFile: string | undefined, given?: string): Promise<EncoderFile | undefined> {
  if (given !== undefined) return { file: given, features: await readFeatures<AnyRecord>(given), problem: undefined };
  if (modelFile === undefined) return undefined;
  const stem = modelFile.replace(/\.(json|ubj|onnx)$/, '');
  const file = SUFFIXES.map((suffix) => `${stem}${suffix}`).find((name) => name !== modelFile && existsSync(name));
  if (file === undefined) return undefined;
  try {
    return { file, features: await readFeatures<AnyRecord>(file), problem: undefined };
  } catch (error) {
    if (error instanceof ConfigError) return { file, features: undefined, problem: error };
    throw error;
  }
}
