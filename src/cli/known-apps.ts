import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConfigFile, isPath } from '../config/index.ts';
import { CommandError } from './command-error.ts';

/** The apps that come with the package, compiled to a folder beside the one of this file. */
const SHIPPED = fileURLToPath(new URL('../../examples/', import.meta.url));
const EXTENSION = extname(fileURLToPath(import.meta.url));
/** Where a project without a configuration keeps its app. */
const FOLDERS = ['.', 'src'];

/** Returns the path that an app of this name has if it ships with the package, or '' for a name that no app can have. */
export function shippedApp(name: string): string {
  return /^[\w-]+$/.test(name) ? resolve(SHIPPED, name, `app${EXTENSION}`) : '';
}

/** Returns the names that `-A` accepts, as a list for messages. */
export function knownNames(config: ConfigFile | undefined): string {
  const shipped = existsSync(SHIPPED) ? readdirSync(SHIPPED).filter((name) => existsSync(shippedApp(name))) : [];
  return [...new Set([...(config?.apps.keys() ?? []), ...shipped])].join(', ') || '(none)';
}

/**
 * Resolves to the path of the project's only app: the one in its configuration, or the only file here or in `src` that
 * imports `streamerjs` and makes an app.
 *
 * @throws CommandError (exit 2) when there is none, or more than one
 */
export async function onlyApp(config: ConfigFile | undefined): Promise<string> {
  const configured = [...(config?.apps.values() ?? [])];
  const paths = configured.length > 0 ? configured : FOLDERS.flatMap(appFiles);
  const [path] = paths;
  if (path !== undefined && paths.length === 1) return path;
  const found = paths.length === 0 ? '' : `: this project has ${paths.length}`;
  const names = configured.length > 0 || paths.length === 0 ? knownNames(config) : `${paths.join(', ')}, ${knownNames(config)}`;
  throw new CommandError(2, `no app given${found}`, { next: `Name one: -A ./app.ts, or one of these: ${names}.` });
}

function appFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && isPath(entry.name));
  return files.map(({ name }) => resolve(join(folder, name))).filter(declaresApp);
}

/** Reads the text alone: importing a file that turns out to be another one could do anything. */
function declaresApp(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  return /\bfrom\s*['"]streamerjs['"]/.test(text) && /\bnew\s+App\s*\(/.test(text);
}
