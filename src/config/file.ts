import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { importModule } from './module.ts';
import type { SettingsInput } from './settings.ts';

/**
 * A project's configuration: `streamer.config.ts`, `.js`, `.mjs` or `.json` (its default export or whole content), or the
 * field `streamer` of package.json. All settings of `settings.ts` by name, and the project's apps.
 */
export interface ConfigFile {
  readonly path: string;
  /** Names of apps with the absolute path of their file, or the module's name as it was given. */
  readonly apps: Readonly<Record<string, string>>;
  readonly values: SettingsInput;
}

/** What may stand in a configuration file. */
export interface Config extends SettingsInput {
  /** Apps by name: `{ shop: './src/shop.ts' }`, relative to the configuration file. */
  readonly apps?: Readonly<Record<string, string>>;
}

const CONFIG_FILES = ['streamer.config.ts', 'streamer.config.js', 'streamer.config.mjs', 'streamer.config.json'] as const;

/**
 * Looks in `folder` and then upwards, and stops at the first folder with a configuration file or a package.json.
 *
 * @returns undefined when the project has no configuration
 * @throws ConfigError when there is one that cannot be read
 */
export async function findConfigFile(folder: string = process.cwd()): Promise<ConfigFile | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const name of CONFIG_FILES) {
      const path = join(at, name);
      if (existsSync(path)) return configOf(path, await contentOf(path));
    }
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      const { streamer } = (await readJson(manifest)) as { streamer?: unknown };
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
    throw new ConfigError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (module['default'] === undefined) throw new ConfigError(`${path}: expected a default export with the settings`);
  return module['default'];
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${path}: not readable as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function configOf(path: string, content: unknown): ConfigFile {
  if (!isObject(content)) throw new ConfigError(`${path}: expected an object with settings and apps, got ${JSON.stringify(content)}`);
  const { apps = {}, ...values } = content;
  if (!isObject(apps) || Object.values(apps).some((app) => typeof app !== 'string')) {
    throw new ConfigError(
      `${path}: apps: expected names with the path of their file, as { "shop": "./src/shop.ts" }, got ${JSON.stringify(apps)}`,
    );
  }
  const place = (file: string) => (isPath(file) ? resolve(dirname(path), file) : file);
  return { path, apps: Object.fromEntries(Object.entries(apps).map(([name, file]) => [name, place(file as string)])), values };
}

/** Is this the path of a file, rather than the name of a module or app? */
export function isPath(name: string): boolean {
  return /^\.{0,2}[/\\]/.test(name) || /\.[mc]?[jt]s$/.test(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
