/**
 * Prints how `src` is built: length of files and functions, import cycles, casts.
 * `npm run structure` prints the figures; `npm run structure -- --check` prints only what breaks the structure, and exits 1 if anything does.
 */
import { fileURLToPath } from 'node:url';
import { type Limits, problemsOf } from './structure/check.ts';
import { figuresOf, printed } from './structure/figures.ts';
import { readTree } from './structure/tree.ts';

const LIMITS: Limits = {
  fileLines: 300,
  casts: 149,
  nonNull: 40,
};

const [option, ...rest] = process.argv.slice(2);
if ((option !== undefined && option !== '--check') || rest.length > 0) {
  process.stderr.write('usage: npm run structure -- [--check]\n');
  process.exit(2);
}
const tree = readTree(fileURLToPath(new URL('../src/', import.meta.url)));
const figures = figuresOf(tree);
if (option === undefined) process.stdout.write(`${printed(figures)}\n`);
else {
  const problems = problemsOf(tree, figures, LIMITS);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
