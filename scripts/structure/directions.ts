import type { Tree } from './tree.ts';

/** What every room above may use: it imports nothing of ours but `errors`. */
const BASE = ['outage', 'timing', 'options', 'errors'];

/**
 * The rooms of `src`, and the rooms that each may import besides itself. A file belongs to the longest room that its path begins with;
 * a room without a folder of its own is a file (`errors`: `src/errors.ts`). An import of a room that is not listed here is an error.
 */
const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  outage: ['errors'],
  timing: ['errors'],
  options: ['errors'],
  wire: ['errors'],
  broker: ['wire', ...BASE],
  config: ['wire', ...BASE],
  observe: ['errors'],
  kafka: ['kafka/kafkajs', 'wire', 'config', 'observe', ...BASE],
  'kafka/kafkajs': ['kafka', 'wire', 'config', 'observe', ...BASE],
  topics: ['kafka', 'config', 'observe', ...BASE],
  tables: ['topics', ...BASE],
  models: ['topics', 'kafka', 'config', 'observe', ...BASE],
  connect: ['topics', 'kafka', 'config', 'observe', ...BASE],
  agents: ['models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  runtime: ['agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  app: ['runtime', 'agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  testing: ['app', 'broker', 'runtime', 'agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  web: ['app', 'runtime', 'agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  cli: ['web', 'app', 'broker', 'runtime', 'agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
  index: ['app', 'web', 'runtime', 'agents', 'models', 'connect', 'tables', 'topics', 'kafka', 'config', 'observe', ...BASE],
};

/** Packages that one room alone may import. */
const PACKAGES: Readonly<Record<string, string>> = { kafkajs: 'kafka/kafkajs' };

/** Returns a sentence for every import against `DIRECTIONS` or `PACKAGES`. */
export function wrongImports(tree: Tree, directions = DIRECTIONS, packages = PACKAGES): string[] {
  const rooms = Object.keys(directions).sort((a, b) => b.length - a.length);
  const roomOf = (path: string): string | undefined => rooms.find((room) => path === `${room}.ts` || path.startsWith(`${room}/`));
  return tree.files.flatMap(({ path }) => {
    const room = roomOf(path);
    if (room === undefined) return [`${path}: belongs to no room of the table of directions`];
    const allowed = new Set([room, ...(directions[room] ?? [])]);
    const inside = (tree.internal.get(path) ?? []).flatMap(({ target, specifier, line }) => {
      const imported = roomOf(target);
      if (imported !== undefined && allowed.has(imported)) return [];
      return [`${path}:${line} imports ${specifier}: ${room} may import ${directions[room]?.join(', ') || 'nothing'}`];
    });
    const outside = (tree.packages.get(path) ?? []).flatMap(({ target, line }) => {
      const owner = Object.hasOwn(packages, target) ? packages[target] : undefined;
      return owner === undefined || owner === room ? [] : [`${path}:${line} imports ${target}: only ${owner} may`];
    });
    return [...inside, ...outside];
  });
}
