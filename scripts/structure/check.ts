import type { Cycle } from './cycles.ts';
import { wrongImports } from './directions.ts';
import type { Figures } from './figures.ts';
import type { Tree } from './tree.ts';

export interface Limits {
  /** Lines of the longest file. */
  readonly fileLines: number;
  /** Casts in all files, `as const` not counted. Lowered as casts go, never raised. */
  readonly casts: number;
  /** Non-null assertions in all files: they are no way around a cast. */
  readonly nonNull: number;
  /** Cycles that are still to be removed: a cycle among files of one of these is accepted. Entries only leave. */
  readonly knownCycles: readonly Cycle[];
  /** Files that are still to be cut. Entries only leave. */
  readonly knownLargeFiles: readonly string[];
}

/** Returns a sentence for everything that breaks the structure. */
export function problemsOf(tree: Tree, { cycles, casts, nonNull }: Figures, limits: Limits): string[] {
  const isKnown = (cycle: Cycle) => limits.knownCycles.some((known) => cycle.every((path) => known.includes(path)));
  return [
    ...cycles.filter((cycle) => !isKnown(cycle)).map((cycle) => `import cycle (type-only imports count): ${cycle.join(', ')}`),
    ...wrongImports(tree),
    ...tree.files
      .filter(({ path, lines }) => lines > limits.fileLines && !limits.knownLargeFiles.includes(path))
      .map(({ path, lines }) => `${path} has ${lines} lines: a file has at most ${limits.fileLines}`),
    ...(casts > limits.casts ? [`${casts} casts, at most ${limits.casts} are allowed: use a type guard, a generic or satisfies`] : []),
    ...(nonNull > limits.nonNull ? [`${nonNull} non-null assertions, at most ${limits.nonNull} are allowed`] : []),
  ];
}
