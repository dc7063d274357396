import { readFile } from 'node:fs/promises';
import { ConfigError, isStreamerError, messageOf } from '../../errors.ts';
import type { Features } from './features.ts';
import { featuresFromJson } from './from-json.ts';

/** The attribute of a model file with the hash of its features, where the format has attributes. */
export const HASH_ATTRIBUTE = 'streamer.features';

/** Returns the file of a model's features: `model.features.json` for `model.json`. */
export function featuresBeside(modelFile: string): string {
  return `${modelFile.replace(/\.(json|ubj|onnx)$/, '')}.features.json`;
}

/** @throws ConfigError when there is no such file, or it does not hold features */
export async function readFeatures<Row extends object>(file: string | URL): Promise<Features<Row>> {
  try {
    return featuresFromJson<Row>(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new ConfigError(`${file}: ${messageOf(cause)}`, { cause, next: isStreamerError(cause) ? cause.next : undefined });
  }
}

/**
 * Throws when a model was trained with features other than the given ones: by the hash in the model file, and by the declaration
 * beside it.
 */
export async function checkHash(features: Features<never>, modelFile: string | undefined, hash: string | undefined): Promise<void> {
  if (hash !== undefined && hash !== features.hash) throw skewed('the model file', hash, features.hash);
  if (modelFile === undefined) return;
  const beside = featuresBeside(modelFile);
  const text = await readFile(beside, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ConfigError(`cannot read ${beside}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return;
  const saved = (await readFeatures(beside)).hash;
  if (saved !== features.hash) throw skewed(beside, saved, features.hash);
}

function skewed(where: string, saved: string, declared: string): ConfigError {
  const next = `Serve with the saved declaration (\`features: 'model.features.json'\`), or train again.`;
  return new ConfigError(
    `the model was trained with other features: ${where} has ${saved.slice(0, 19)}..., the declaration is ${declared.slice(0, 19)}...`,
    { next },
  );
}
