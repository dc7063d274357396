import { wrongImports } from './directions.ts';
import type { Figures } from './figures.ts';
import type { Tree } from './tree.ts';

export interface Limits {
  /** Lines of the longest file. */
  readonly fileLines: number;
  /** Casts in all files, `as const` not counted. CONTRIBUTING.md says where one is allowed. */
  readonly casts: number;
  /** Non-null assertions in all files: they are no way around a cast. */
  readonly nonNull: number;
}

/** Returns a sentence for everything that breaks the structure. */
export function problemsOf(tree: Tree, { cycles, casts, nonNull }: Figures, limits: Limits): string[] {
  return [
    ...cycles.map((cycle) => `import cycle (type-only imports count): ${cycle.join(', ')}`),
    ...wrongImports(tree),
    ...tree.files
      .filter(({ lines }) => lines > limits.fileLines)
      .map(({ path, lines }) => `${path} has ${lines} lines: a file has at most ${limits.fileLines}`),
    ...(casts > limits.casts ? [`${casts} casts, at most ${limits.casts} are allowed: use a type guard, a generic or satisfies`] : []),
    ...(nonNull > limits.nonNull ? [`${nonNull} non-null assertions, at most ${limits.nonNull} are allowed`] : []),
  ];
}
