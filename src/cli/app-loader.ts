import { existsSync, readdirSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { App } from '../app.ts';
import { type ConfigFile, importModule, isPath } from '../config/index.ts';
import { ConfigError, isStreamerError } from '../errors.ts';
import { CommandError } from './command-error.ts';

/** The apps that come with the package, compiled beside this file's own folder. */
const SHIPPED = fileURLToPath(new URL('../../examples/', import.meta.url));
const EXTENSION = extname(fileURLToPath(import.meta.url));

export interface LoadedApp {
  readonly app: App;
  /** Absolute path of the file it came from. */
  readonly path: string;
}

/**
 * Loads what `-A` names: a file, an app of the configuration file, an app that ships with the package, or a module.
 *
 * @throws CommandError (exit 2) that lists where it looked and which names exist
 */
export async function loadApp(name: string | undefined, config: ConfigFile | undefined): Promise<LoadedApp> {
  if (name === undefined)
    throw new CommandError(2, 'no app given', { next: `Say which: -A ./app.ts, or one of these names: ${knownNames(config)}.` });
  const path = await findApp(name, config);
  return { app: await appOf(path, await importApp(path)), path };
}

async function findApp(name: string, config: ConfigFile | undefined): Promise<string> {
  const configured = config?.apps[name];
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

function knownNames(config: ConfigFile | undefined): string {
  return [...new Set([...Object.keys(config?.apps ?? {}), ...shippedNames()])].join(', ') || '(none)';
}

/** Where the app would lie. The numbered examples beside it are files, not apps with a name. */
function shippedApp(name: string): string {
  return /^[\w-]+$/.test(name) ? resolve(SHIPPED, name, `app${EXTENSION}`) : '';
}

function shippedNames(): string[] {
  return existsSync(SHIPPED) ? readdirSync(SHIPPED).filter((name) => existsSync(shippedApp(name))) : [];
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
    if (isStreamerError(cause)) throw cause;
    const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const next = text.includes("'streamerjs'")
      ? `Install streamerjs in the project of that file: npm install streamerjs`
      : 'With --log-level debug the whole stack is shown.';
    throw new ConfigError(`${path} cannot be loaded: ${text}`, { cause, next });
  }
}

async function appOf(path: string, exported: Record<string, unknown>): Promise<App> {
  const { isApp } = await import('../app.ts');
  for (const candidate of [exported['app'], exported['default']]) if (isApp(candidate)) return candidate;
  const names = Object.keys(exported).join(', ') || 'nothing';
  throw new ConfigError(`${path} exports no app: expected \`export const app = new App(...)\` or an app as default export, found ${names}`);
}
