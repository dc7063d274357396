import type { Tree } from './tree.ts';

/** Files that reach one another by imports, in the order of their paths. */
export type Cycle = readonly string[];

/** Returns the cycles: the strongly connected components (Tarjan 1972) of the import graph, largest first. A type-only import is an import. */
export function findCycles({ internal }: Tree): Cycle[] {
  const cycles: Cycle[] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();

  const lower = (path: string, to: number): void => {
    low.set(path, Math.min(low.get(path) ?? to, to));
  };
  const close = (path: string): void => {
    const component = stack.splice(stack.indexOf(path));
    for (const member of component) open.delete(member);
    const isItself = internal.get(path)?.some(({ target }) => target === path) ?? false;
    if (component.length > 1 || isItself) cycles.push(component.sort());
  };
  const visit = (path: string): void => {
    const number = index.size;
    index.set(path, number);
    low.set(path, number);
    stack.push(path);
    open.add(path);
    for (const { target } of internal.get(path) ?? []) {
      if (!index.has(target)) {
        visit(target);
        lower(path, low.get(target) ?? number);
      } else if (open.has(target)) lower(path, index.get(target) ?? number);
    }
    if (low.get(path) === number) close(path);
  };
  for (const path of internal.keys()) if (!index.has(path)) visit(path);
  return cycles.sort((a, b) => b.length - a.length);
}
