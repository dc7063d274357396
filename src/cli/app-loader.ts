import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { App } from '../app.ts';
import { type ConfigFile, compileModule, importModule, isPath } from '../config/index.ts';
import { ConfigError, isStreamerError } from '../errors.ts';
import { CommandError } from './command-error.ts';
import { knownNames, onlyApp, shippedApp } from './known-apps.ts';

export interface LoadedApp {
  readonly app: App;
  /** Absolute path of the file it came from. */
  readonly path: string;
}

/**
 * Loads the app that `-A` names: a file, an app of the configuration file, an app that ships with the package, or a module.
 * Without a name, the project's only app.
 *
 * @throws CommandError (exit 2) that lists where it looked and which names exist
 */
export async function loadApp(name: string | undefined, config: ConfigFile | undefined): Promise<LoadedApp> {
  const path = name === undefined ? await onlyApp(config) : await findApp(name, config);
  return { app: await appOf(path, await importApp(path)), path };
}

async function findApp(name: string, config: ConfigFile | undefined): Promise<string> {
  const configured = config?.apps.get(name);
  const wanted = configured ?? name;
  if (isPath(wanted)) {
    const path = resolve(wanted);
    if (existsSync(path)) return path;
    const where = configured === undefined ? '' : ` (app "${name}" of ${config?.path})`;
    throw new CommandError(2, `no file ${path}${where}`, {
      next: `Give the path of the app's file, or one of these names: ${knownNames(config)}.`,
    });
  }
  const shipped = shippedApp(wanted);
  if (existsSync(shipped)) return shipped;
  return (await findModule(wanted)) ?? notFound(name, config);
}

function notFound(name: string, config: ConfigFile | undefined): never {
  const looked = [
    config === undefined
      ? 'the configuration (no streamer.config.* and no "streamer" in package.json from here upwards)'
      : `the apps of ${config.path}`,
    'the apps that ship with streamer',
    `the modules that ${process.cwd()} can import`,
  ];
  throw new CommandError(2, `no app named "${name}": it is not among ${looked.join(', nor ')}`, {
    next: `Names that exist: ${knownNames(config)}. A file is given by its path, as ./app.ts.`,
  });
}

async function findModule(name: string): Promise<string | undefined> {
  const { createJiti } = await import('jiti');
  const here = pathToFileURL(`${process.cwd()}/`).href;
  const found = createJiti(here).esmResolve(name, { try: true, parentURL: here });
  return found?.startsWith('file:') ? fileURLToPath(found) : undefined;
}

async function importApp(path: string): Promise<Record<string, unknown>> {
  try {
    return await importModule(path);
  } catch (cause) {
    const where = placeOf(cause) ?? (cause instanceof SyntaxError ? await placeOfSyntaxError(path) : undefined);
    if (isStreamerError(cause)) throw new ConfigError(located(cause.message, where), { cause, next: cause.next });
    const text = located(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), where);
    const next = text.includes("'streamerjs'")
      ? `Install streamerjs in the project of that file: npm install streamerjs`
      : 'For the whole stack: --log-level debug.';
    throw new ConfigError(`cannot load ${path}: ${text}`, { cause, next });
  }
}

function located(text: string, where: string | undefined): string {
  return where === undefined || text.includes(where) ? text : `${text}\n  at ${where}`;
}

/** Node says where a syntax error is only when it ends the process; jiti's parser says it in the message. */
async function placeOfSyntaxError(path: string): Promise<string | undefined> {
  return compileModule(path).then(() => undefined, placeOf);
}

/** Folders whose frames in a stack are not the user's: dependencies, and this package. */
const PACKAGE = fileURLToPath(new URL('../', import.meta.url));

/** Returns `file:line:column` of the user's code in which the error was thrown, or of the text that does not parse. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = (error.stack ?? '').replaceAll('file://', '').split('\n');
  for (const line of lines) {
    const [, place] = /(?:^|[\s(])((?:[A-Za-z]:)?\/[^()]*?:\d+(?::\d+)?)\)?\s*$/.exec(line) ?? [];
    if (place !== undefined && !place.includes('/node_modules/') && !place.startsWith(PACKAGE)) return place;
  }
  return undefined;
}

async function appOf(path: string, exported: Record<string, unknown>): Promise<App> {
  const { isApp } = await import('../app.ts');
  for (const candidate of [exported['app'], exported['default']]) if (isApp(candidate)) return candidate;
  const names = Object.keys(exported).join(', ') || 'nothing';
  throw new ConfigError(`${path} exports no app: expected \`export const app = new App(...)\` or an app as default export, found ${names}`);
}
