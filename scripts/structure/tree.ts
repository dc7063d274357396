import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type Import, parseSourceFile, type SourceFile } from './source-file.ts';

/** The source files below a folder, with every import resolved. */
export interface Tree {
  readonly files: readonly SourceFile[];
  /** Imports of files of the tree, by the path of the importing file. */
  readonly internal: ReadonlyMap<string, readonly Target[]>;
  /** Imports of packages, by the path of the importing file: `node:` modules are left out. */
  readonly packages: ReadonlyMap<string, readonly Target[]>;
}

/** An import, with what it resolves to: a path of the tree, or a package's name. */
export interface Target extends Import {
  readonly target: string;
}

/** Reads and parses every `.ts` file below `folder`. Throws if an import names a file that is not there. */
export function readTree(folder: string): Tree {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const paths = names.filter((name) => name.endsWith('.ts')).sort();
  return treeOf(paths.map((path) => parseSourceFile(path, readFileSync(join(folder, path), 'utf8'))));
}

function treeOf(files: readonly SourceFile[]): Tree {
  const known = new Set(files.map(({ path }) => path));
  const internal = new Map<string, readonly Target[]>();
  const packages = new Map<string, readonly Target[]>();
  for (const { path, imports } of files) {
    const [inside, outside] = [imports.filter(isRelative), imports.filter((one) => !isRelative(one) && !one.specifier.startsWith('node:'))];
    const resolved = inside.map((one) => ({ ...one, target: posix.join(dirname(path), one.specifier) }));
    const missing = resolved.find(({ target }) => !target.startsWith('../') && !known.has(target));
    if (missing !== undefined) throw new Error(`${path}:${missing.line} imports ${missing.specifier}, which is not a file of the tree`);
    internal.set(path, resolved);
    packages.set(
      path,
      outside.map((one) => ({ ...one, target: packageOf(one.specifier) })),
    );
  }
  return { files, internal, packages };
}

function isRelative({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

/** `kafkajs/src/x.js` -> `kafkajs`, `@hono/node-server/serve` -> `@hono/node-server`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
