/**
 * Proves model files trained here on the real XGBoost: it loads them, and its margins equal ours to the last bit; and exact training finds
 * its own trees. `XGBOOST_PYTHON=python1,python2 npm run soak:training [-- CASE]`, each an interpreter that has xgboost.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type BoostedModel,
  type BoostingOptions,
  type TrainingRows,
  trainBoosting,
  XgboostEvaluator,
} from '../../../../src/models/index.ts';
import { type Row, rowsOf, trainingOf } from './data.ts';

const SCRIPT = fileURLToPath(new URL('score.py', import.meta.url));
const pythons = (process.env.XGBOOST_PYTHON ?? '').split(',').filter((path) => path !== '');
if (pythons.length === 0) throw new Error('XGBOOST_PYTHON must name interpreters that have xgboost, parted by commas');

interface Case {
  readonly name: string;
  readonly options: BoostingOptions;
  readonly gaps: boolean;
}

const CASES: readonly Case[] = [
  { name: 'number', options: { rounds: 60 }, gaps: false },
  { name: 'number, gaps', options: { rounds: 60 }, gaps: true },
  { name: 'number, leaves', options: { rounds: 40, maxDepth: 0, maxLeaves: 20, learningRate: 0.1 }, gaps: true },
  { name: 'number, sampled', options: { rounds: 40, subsample: 0.7, colsample: 0.6, seed: 5, gamma: 3, lambda: 2.5 }, gaps: true },
  { name: 'number, exact', options: { rounds: 60, bins: 'exact', baseScore: 0.5 }, gaps: false },
  { name: 'number, gaps, exact', options: { rounds: 60, bins: 'exact', baseScore: 0.5 }, gaps: true },
  { name: 'yes or no', options: { objective: 'logistic', rounds: 60 }, gaps: false },
  { name: 'yes or no, gaps', options: { objective: 'logistic', rounds: 60, bins: 16, maxDepth: 4 }, gaps: true },
  {
    name: 'yes or no, balanced',
    options: { objective: 'logistic', rounds: 40, positiveWeight: 'balanced', minChildWeight: 5 },
    gaps: true,
  },
  { name: 'yes or no, stopped', options: { objective: 'logistic', rounds: 500, earlyStopping: { rounds: 10 } }, gaps: true },
  { name: 'yes or no, exact', options: { objective: 'logistic', rounds: 60, bins: 'exact', baseScore: 0.5 }, gaps: false },
];

const folder = await mkdtemp(join(tmpdir(), 'streamer-xgboost-'));
let failures = 0;
try {
  for (const [at, { name, options, gaps }] of CASES.entries()) {
    if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
    const { rows, values, flags } = rowsOf(3_000, at + 1, gaps);
    const data = trainingOf(rows, options.objective === 'logistic' ? flags : values);
    const model = trainBoosting(data, options);
    for (const python of pythons) await compare(name, model, data, options, python);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function compare(name: string, model: BoostedModel<Row>, data: TrainingRows<Row>, options: BoostingOptions, python: string) {
  const numbers = data.features.encode(data.rows);
  const ours = new XgboostEvaluator(model.file).margins(numbers, data.rows.length);
  await writeFile(join(folder, 'model.json'), model.file);
  await writeFile(join(folder, 'numbers'), numbers);
  const job = { columns: model.columns, numbers: join(folder, 'numbers'), margins: join(folder, 'margins') };
  const scored = await answerOf(python, { ...job, model: join(folder, 'model.json'), copy: join(folder, 'copy.json') });
  const copied = new XgboostEvaluator(await readFile(join(folder, 'copy.json'))).margins(numbers, data.rows.length);
  const lines = [`loaded: ${differing(scored.margins, ours)} of ${ours.length} margins differ`, `saved again: ${differing(copied, ours)}`];
  failures += differing(scored.margins, ours) + differing(copied, ours);
  if (options.bins === 'exact') {
    const train = {
      objective: options.objective === 'logistic' ? 'binary:logistic' : 'reg:squarederror',
      tree_method: 'exact',
      base_score: 0.5,
    };
    const trained = await answerOf(python, { ...job, train, rounds: options.rounds, labels: data.labels });
    const worst = trained.margins.reduce((most, margin, at) => Math.max(most, Math.abs(margin - (ours[at] as number))), 0);
    lines.push(`trained by XGBoost, tree_method exact: ${differing(trained.margins, ours)} differ, by ${worst.toPrecision(2)} at most`);
  }
  process.stdout.write(`XGBoost ${scored.version}  ${name.padEnd(20)} ${String(model.rounds).padStart(3)} trees  ${lines.join('; ')}\n`);
}

async function answerOf(python: string, job: object): Promise<{ version: string; margins: Float32Array }> {
  await writeFile(join(folder, 'job.json'), JSON.stringify(job));
  const { version } = JSON.parse(execFileSync(python, [SCRIPT, join(folder, 'job.json')], { encoding: 'utf8' })) as { version: string };
  const bytes = await readFile(join(folder, 'margins'));
  return { version, margins: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) };
}

function differing(a: Float32Array, b: Float32Array): number {
  return a.filter((value, at) => !Object.is(value, b[at])).length + Math.abs(a.length - b.length);
}
