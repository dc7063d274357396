import {
  type BoostedModel,
  Features,
  type LogisticModel,
  linear,
  trainBoosting,
  trainLogistic,
  trainTestSplit,
  xgboost,
} from '../../models/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { type Output, outputOf } from '../output.ts';
import { columnsOf, type TypedRow } from './cells.ts';
import { type BadRow, checkBad, type DataFile, type DataRow, readData, rowsIn } from './csv-data.ts';
import { type Declared, declaredFeatures, printDeclared } from './declared.ts';
import { encodable, type LabelledRow, labelled } from './encode.ts';
import { printConfusion, printFigures, type Report, reportOf } from './report.ts';
import { type Task, taskOf } from './target.ts';
import { planOf, type TrainPlan } from './train-plan.ts';

export async function trainModel(options: RawOptions): Promise<void> {
  const plan = planOf(options);
  const prepared = await prepare(plan);
  const { features, training, testing, task } = prepared;
  const started = performance.now();
  const model = trained(plan, task, features, training);
  const seconds = (performance.now() - started) / 1_000;
  const reports: Record<string, Report> = { training: await measured(model, plan, features, training, task) };
  if (testing.length > 0) reports['test'] = await measured(model, plan, features, testing, task);
  const featuresFile = String(await model.save(plan.out));
  print(outputOf(options.json === true), plan, prepared, { model, seconds, reports, featuresFile });
}

interface Prepared {
  readonly task: Task;
  /** Fitted to the rows to train on. */
  readonly features: Features<TypedRow>;
  readonly leftOut: Declared['leftOut'];
  readonly training: readonly LabelledRow[];
  readonly testing: readonly LabelledRow[];
  /** Bad rows that were skipped. */
  readonly skipped: number;
}

/** Reads the data, finds out what is to be predicted and by which features, and checks every row against them. */
async function prepare(plan: TrainPlan): Promise<Prepared> {
  const data = await readData(plan.data, [plan.target]);
  const task = taskOf(data.rows, { ...plan, kind: kindOf(plan) });
  if (task.kind === 'regression' && plan.classWeight !== undefined)
    throw new CommandError(2, `--class-weight is for yes-or-no targets, and ${plan.target} is a number`);
  const parts = await partsOf(data, plan);
  const { fields, leftOut } = await declaredFeatures(plan, data, parts.train);
  const bad: BadRow[] = [...data.bad];
  const columns = columnsOf(fields);
  const train = labelled(parts.train, columns, plan.target, task, bad);
  const test = labelled(parts.test, columns, plan.target, task, bad);
  checkBad(plan.data, bad, plan.badRows);
  const features = new Features<TypedRow>(fields).fit(train.map(({ row }) => row));
  const isComplete = plan.algorithm === 'logistic';
  const training = encodable(train, features, bad, { isComplete });
  const testing = encodable(test, features, bad, { isComplete });
  checkBad(plan.data, bad, plan.badRows);
  return { task, features, leftOut, training, testing, skipped: bad.length };
}

function kindOf({ algorithm, objective }: TrainPlan): Task['kind'] | undefined {
  if (algorithm === 'logistic' || objective === 'logistic') return 'binary';
  return objective === 'squared-error' ? 'regression' : undefined;
}

/** Rows to test on are a share of the data, or, where none is asked for, those that are excluded from training. */
async function partsOf(data: DataFile, plan: TrainPlan): Promise<{ train: readonly DataRow[]; test: readonly DataRow[] }> {
  const isExcluded = plan.exclude === undefined ? () => false : await rowsIn(data, plan.exclude, plan.target);
  const kept = data.rows.filter((row) => !isExcluded(row));
  if (kept.length === 0) throw new CommandError(2, `all rows of ${data.file} are in ${plan.exclude}: none is left to train on`);
  if (plan.testSize === undefined) return { train: kept, test: data.rows.filter(isExcluded) };
  const split = trainTestSplit(kept.length, { testSize: plan.testSize, seed: plan.seed });
  const rowsOf = (numbers: Int32Array) => Array.from(numbers, (number) => kept[number] as DataRow);
  return { train: rowsOf(split.train), test: rowsOf(split.test) };
}

type Trained = BoostedModel<TypedRow> | LogisticModel<TypedRow>;

function trained(plan: TrainPlan, task: Task, features: Features<TypedRow>, rows: readonly LabelledRow[]): Trained {
  const data = { features, rows: rows.map(({ row }) => row), labels: rows.map(({ label }) => label) };
  const { classWeight: positiveWeight, seed } = plan;
  if (plan.algorithm === 'logistic') return trainLogistic(data, { ...plan.logistic, positiveWeight });
  const objective = task.kind === 'binary' ? 'logistic' : 'squared-error';
  return trainBoosting(data, { ...plan.boosting, objective, positiveWeight, seed });
}

async function measured(
  model: Trained,
  { algorithm }: TrainPlan,
  features: Features<TypedRow>,
  rows: readonly LabelledRow[],
  task: Task,
): Promise<Report> {
  const served = algorithm === 'logistic' ? linear<TypedRow>(model.file, { features }) : xgboost<TypedRow>(model.file, { features });
  const predictions = await served.predict(rows.map(({ row }) => row));
  return reportOf(
    predictions,
    rows.map(({ label }) => label),
    task,
  );
}

function summary({ target }: TrainPlan, task: Task, model: Trained): string {
  const what = task.kind === 'binary' ? `the probability that ${target} is ${task.positive}` : target;
  const how = 'rounds' in model ? `${model.rounds} trees` : `logistic regression, ${model.optimum.steps} Newton steps`;
  return `${what}: ${how} over ${model.columns.length} columns`;
}

interface Result {
  readonly model: Trained;
  readonly seconds: number;
  readonly reports: Readonly<Record<string, Report>>;
  readonly featuresFile: string;
}

function print(output: Output, plan: TrainPlan, { task, features, leftOut, skipped }: Prepared, result: Result): void {
  const { model, seconds, reports, featuresFile } = result;
  const { out, algorithm } = plan;
  const rounds = 'rounds' in model ? { rounds: model.rounds } : { steps: model.optimum.steps };
  output.data({ model: out, featuresFile, algorithm, ...rounds, seconds, skipped, task, features, leftOut, ...reports });
  if (leftOut !== undefined) {
    output.line(`features, as the columns look; to choose others, change ${featuresFile} and give it as --features\n`);
    printDeclared(output, features.fields, leftOut);
    output.line('');
  }
  if (skipped > 0) output.line(`${skipped} bad rows were skipped`);
  output.line(`${summary(plan, task, model)}, in ${seconds.toFixed(1)} s\n`);
  printFigures(output, reports);
  const last = reports['test'] ?? reports['training'];
  if (last?.kind === 'binary' && task.kind === 'binary') printConfusion(output, last, task.positive);
  output.line(`\nwritten ${out} and ${featuresFile}`);
}
