import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx']);

/**
 * Imports a file of a user. JavaScript is imported as it is; TypeScript is compiled by jiti. An import of `streamerjs` in it
 * resolves to this copy of the package, so that both sides share one `App` class.
 *
 * @param path absolute
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  return TYPESCRIPT.has(extname(path)) ? compileModule(path) : import(pathToFileURL(path).href);
}

/** Imports a file through jiti, whatever its extension. */
export async function compileModule(path: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti');
  return createJiti(pathToFileURL(path).href, { alias: ownModules() }).import<Record<string, unknown>>(path);
}

/** The package's entries by the name under which users import them. Longer names come first, because aliases match by prefix. */
function ownModules(): Record<string, string> {
  const extension = extname(fileURLToPath(import.meta.url));
  const at = (path: string) => fileURLToPath(new URL(`../${path}${extension}`, import.meta.url));
  const folders = ['agents', 'models', 'connect', 'testing', 'broker'];
  return { ...Object.fromEntries(folders.map((folder) => [`streamerjs/${folder}`, at(`${folder}/index`)])), streamerjs: at('index') };
}
