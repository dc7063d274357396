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
  casts: 841,
  nonNull: 154,
  knownCycles: [
    [
      'broker/cluster.ts',
      'broker/handlers/configs.ts',
      'broker/handlers/described-settings.ts',
      'broker/handlers/fetch.ts',
      'broker/handlers/group-offsets.ts',
      'broker/handlers/groups.ts',
      'broker/handlers/handler.ts',
      'broker/handlers/handlers.ts',
      'broker/handlers/led-partition.ts',
      'broker/handlers/membership.ts',
      'broker/handlers/metadata.ts',
      'broker/handlers/offsets.ts',
      'broker/handlers/produce.ts',
      'broker/handlers/security.ts',
      'broker/handlers/topics.ts',
      'broker/handlers/transactions.ts',
    ],
    [
      'runtime/events/worker-events.ts',
      'runtime/watch/stages.ts',
      'runtime/work/agent-runtime.ts',
      'runtime/work/agent-task.ts',
      'runtime/work/failure.ts',
      'runtime/work/lane-scope.ts',
      'runtime/work/ordering/item-list.ts',
      'runtime/work/ordering/units.ts',
      'runtime/work/work-item.ts',
    ],
    ['agents/inference/inference.ts', 'agents/inference/model-calls.ts', 'agents/inference/partition-run.ts', 'agents/inference/plan.ts'],
    ['broker/catalog/batch-checks.ts', 'broker/catalog/partition.ts', 'broker/catalog/topic.ts'],
    ['agents/sink/sink-run.ts', 'agents/sink/sink.ts'],
    ['models/xgboost/forest.ts', 'models/xgboost/lockstep.ts'],
    ['config/security.ts', 'config/settings.ts'],
    ['testing/test-app.ts', 'testing/topic-reader.ts'],
  ],
  knownLargeFiles: ['runtime/work/agent-task.ts'],
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
