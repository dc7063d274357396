import type { Tree } from './tree.ts';

/**
 * The rooms of `src`, and the rooms that each may import besides itself. A file belongs to the longest room that its path begins with;
 * a room without a folder of its own is a file (`errors`: `src/errors.ts`). An import of a room that is not listed here is an error.
 */
const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  wire: ['errors'],
  broker: ['errors', 'wire'],
  config: ['errors'],
  observe: ['errors'],
  kafka: ['kafka/kafkajs', 'wire', 'config', 'observe', 'errors'],
  'kafka/kafkajs': ['kafka', 'wire', 'config', 'observe', 'errors'],
  topics: ['kafka', 'config', 'observe', 'errors'],
  models: ['topics', 'kafka', 'config', 'observe', 'errors'],
  connect: ['topics', 'kafka', 'config', 'observe', 'errors'],
  agents: ['models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  runtime: ['agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  app: ['runtime', 'agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  testing: ['app', 'broker', 'runtime', 'agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  web: ['app', 'runtime', 'agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  cli: ['web', 'app', 'broker', 'runtime', 'agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
  index: ['app', 'web', 'runtime', 'agents', 'models', 'connect', 'topics', 'kafka', 'config', 'observe', 'errors'],
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
