import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, isStreamerError, messageOf } from '../../errors.ts';

/** A path, a file URL, or the file's content. */
export type ModelSource = string | URL | Uint8Array;

/** Returns the file's path, when there is one. */
export function pathOf(source: ModelSource): string | undefined {
  if (source instanceof Uint8Array) return undefined;
  return source instanceof URL ? fileURLToPath(source) : source;
}

/** @throws ConfigError when the file cannot be read */
export async function bytesOf(source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const path = source instanceof URL ? fileURLToPath(source) : source;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ConfigError(`cannot read the model file ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Returns the error with the file's name before its message. */
export function locate(error: unknown, source: ModelSource): unknown {
  const path = pathOf(source);
  if (path === undefined || !isStreamerError(error)) return error;
  return new ConfigError(`${path}: ${error.message}`, { cause: error, next: error.next });
}
