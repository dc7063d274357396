import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, StreamerError } from '../../errors.ts';

/** A path, a file URL, or the file's content. */
export type ModelSource = string | URL | Uint8Array;

/** The file's path, when there is one. */
export function pathOf(source: ModelSource): string | undefined {
  if (source instanceof Uint8Array) return undefined;
  return source instanceof URL ? fileURLToPath(source) : source;
}

/** @throws ConfigError when the file cannot be read */
export async function bytesOf(source: ModelSource): Promise<Uint8Array> {
  const path = pathOf(source);
  if (path === undefined) return source as Uint8Array;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ConfigError(`cannot read the model file ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Puts the file's name before what is wrong with it. */
export function locate(error: unknown, source: ModelSource): unknown {
  const path = pathOf(source);
  if (path === undefined || !(error instanceof StreamerError)) return error;
  return new ConfigError(`${path}: ${error.message}`, { cause: error, next: error.next });
}
