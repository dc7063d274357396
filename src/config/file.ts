import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, messageOf } from '../errors.ts';
import { importModule } from './module.ts';
import type { SettingsInput } from './settings.ts';

/**
 * A project's configuration: `streamer.config.ts`, `.js`, `.mjs` or `.json` (its default export or whole content), or the
 * field `streamer` of package.json. All settings of `settings.ts` by name, and the project's apps.
 */
export interface ConfigFile {
  readonly path: string;
  /** Apps by name: the absolute path of the file, or the name of the module as it was given. */
  readonly apps: ReadonlyMap<string, string>;
  readonly values: SettingsInput;
}

/** The content of a configuration file. */
export interface Config extends SettingsInput {
  /** Apps by name: `{ shop: './src/shop.ts' }`, relative to the configuration file. */
  readonly apps?: Readonly<Record<string, string>>;
}

const CONFIG_FILES = ['streamer.config.ts', 'streamer.config.js', 'streamer.config.mjs', 'streamer.config.json'] as const;

/**
 * Looks in `folder` and then upwards, and stops at the first folder with a configuration file or a package.json.
 * Resolves to undefined when the project has no configuration.
 *
 * @throws ConfigError for a configuration that cannot be read
 */
export async function findConfigFile(folder: string = process.cwd()): Promise<ConfigFile | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const name of CONFIG_FILES) {
      const path = join(at, name);
      if (existsSync(path)) return configOf(path, await contentOf(path));
    }
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      const content = await readJson(manifest);
      const streamer = isObject(content) ? content['streamer'] : undefined;
      return streamer === undefined ? undefined : configOf(manifest, streamer);
    }
    if (at === dirname(at)) return undefined;
  }
}

async function contentOf(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return readJson(path);
  let module: Record<string, unknown>;
  try {
    module = await importModule(path);
  } catch (cause) {
    throw new ConfigError(`${path}: ${messageOf(cause)}`, { cause });
  }
  if (module['default'] === undefined) throw new ConfigError(`${path}: expected a default export with the settings`);
  return module['default'];
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${path}: not readable as JSON: ${messageOf(cause)}`, { cause });
  }
}

function configOf(path: string, content: unknown): ConfigFile {
  if (!isObject(content)) throw new ConfigError(`${path}: expected an object with settings and apps, got ${JSON.stringify(content)}`);
  const { apps = {}, ...values } = content;
  const place = (file: unknown): string => {
    if (typeof file === 'string') return isPath(file) ? resolve(dirname(path), file) : file;
    const expected = 'expected names with the path of their file, as { "shop": "./src/shop.ts" }';
    throw new ConfigError(`${path}: apps: ${expected}, got ${JSON.stringify(apps)}`);
  };
  const entries = isObject(apps) ? Object.entries(apps) : [['', apps] as const];
  return { path, apps: new Map(entries.map(([name, file]) => [name, place(file)])), values };
}

/** Returns true for the path of a file, false for the name of a module or an app. */
export function isPath(name: string): boolean {
  return /^\.{0,2}[/\\]/.test(name) || /\.[mc]?[jt]s$/.test(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
