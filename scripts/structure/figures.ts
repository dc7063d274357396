import { type Cycle, findCycles } from './cycles.ts';
import type { Place } from './source-file.ts';
import type { Tree } from './tree.ts';

export interface Figures {
  readonly files: Distribution;
  readonly functions: Distribution;
  readonly cycles: readonly Cycle[];
  /** Casts, `as const` not counted. */
  readonly casts: number;
  /** Non-null assertions: `x!`. */
  readonly nonNull: number;
  /** Files with the most casts, most first. */
  readonly castsByFile: ReadonlyArray<readonly [path: string, casts: number]>;
}

/** How long things are, in lines. */
export interface Distribution {
  readonly count: number;
  readonly median: number;
  /** Nine of ten are at most this long. */
  readonly ninetieth: number;
  /** The longest, longest first. */
  readonly largest: readonly Place[];
}

const OFFENDERS = 5;

export function figuresOf(tree: Tree): Figures {
  const casts = tree.files.map(({ path, casts }) => [path, casts.length] as const).filter(([, count]) => count > 0);
  return {
    files: distributionOf(tree.files.map(({ path, lines }) => ({ path, line: 1, lines }))),
    functions: distributionOf(tree.files.flatMap(({ functions }) => functions)),
    cycles: findCycles(tree),
    casts: casts.reduce((sum, [, count]) => sum + count, 0),
    nonNull: tree.files.reduce((sum, { nonNull }) => sum + nonNull.length, 0),
    castsByFile: casts.sort(([, a], [, b]) => b - a),
  };
}

function distributionOf(places: readonly Place[]): Distribution {
  const sorted = [...places].sort((a, b) => a.lines - b.lines);
  const share = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]?.lines ?? 0;
  return { count: sorted.length, median: share(0.5), ninetieth: share(0.9), largest: sorted.slice(-OFFENDERS).reverse() };
}

/** The figures as a person reads them. */
export function printed({ files, functions, cycles, casts, nonNull, castsByFile }: Figures): string {
  return [
    ...distributionLines('files', files),
    ...distributionLines('functions', functions),
    `cycles     ${cycles.length}`,
    ...cycles.map((cycle) => `           ${cycle.join(', ')}`),
    `casts      ${casts}, and ${nonNull} non-null assertions`,
    ...castsByFile.slice(0, OFFENDERS).map(([path, count]) => `           ${String(count).padStart(3)}  ${path}`),
  ].join('\n');
}

function distributionLines(name: string, { count, median, ninetieth, largest }: Distribution): string[] {
  return [
    `${name.padEnd(10)} ${count}: median ${median} lines, 90th percentile ${ninetieth}, largest ${largest[0]?.lines ?? 0}`,
    ...largest.map(({ path, line, lines }) => `           ${String(lines).padStart(3)}  ${path}:${line}`),
  ];
}
