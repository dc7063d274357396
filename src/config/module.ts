import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx']);

/**
 * Imports a file of a user. JavaScript is imported as it is; TypeScript is compiled on the way (jiti), and whatever it
 * imports from `streamerjs` are the very modules of this copy of the package, so that both sides have one `App` class.
 *
 * @param path absolute
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  if (!TYPESCRIPT.has(extname(path))) return import(pathToFileURL(path).href);
  const { createJiti } = await import('jiti');
  return createJiti(pathToFileURL(path).href, { alias: ownModules() }).import<Record<string, unknown>>(path);
}

/** The package's entries by the name under which users import them; the longer names first, as aliases match by prefix. */
function ownModules(): Record<string, string> {
  const extension = extname(fileURLToPath(import.meta.url));
  const at = (path: string) => fileURLToPath(new URL(`../${path}${extension}`, import.meta.url));
  const folders = ['agents', 'models', 'connect', 'testing', 'broker'];
  return { ...Object.fromEntries(folders.map((folder) => [`streamerjs/${folder}`, at(`${folder}/index`)])), streamerjs: at('index') };
}
