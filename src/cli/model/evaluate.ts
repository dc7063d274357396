import { basename } from 'node:path';
import { describeModel, encoderOf, type FileAnswer, type ModelAbout } from '../../models/file/index.ts';
import { RowErrors } from '../../models/index.ts';
import { CommandError } from '../command-error.ts';
import { numberFlag, textFlag, wordFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type Output, outputOf } from '../output.ts';
import { type Columns, columnsOf, ownColumns } from './cells.ts';
import { type BadRow, checkBad, readData, rowsIn } from './csv-data.ts';
import { type LabelledRow, labelled } from './encode.ts';
import { linkOf, openFile, readModelBytes } from './open.ts';
import { printCalibration, printConfusion, printFigures, type Report, reportOf } from './report.ts';
import { type Task, taskOf } from './target.ts';

/** Rows that are scored together. */
const BATCH = 4_096;
const PROBABILITIES = ['binary:logistic', 'reg:logistic'];

export async function evaluateModel(file: string, options: RawOptions): Promise<void> {
  const output = outputOf(options.json === true);
  const target = String(options['target']);
  const badRows = wordFlag(options, 'badRows', ['refuse', 'skip']);
  const threshold = thresholdOf(options);
  const bins = numberFlag(options, 'bins');
  const about = await describeModel(await readModelBytes(file), { link: linkOf(options['link']) });
  if (about.unsupported !== undefined) throw new CommandError(1, `${file}: ${about.unsupported.reason}`, { next: about.unsupported.next });
  const columns = await columnsFor(file, about, textFlag(options, 'encoder'));
  const data = await readData(String(options['data']), [target, ...columns.keys()]);
  const isWanted = options['only'] === undefined ? () => true : await rowsIn(data, String(options['only']), target);
  const wanted = data.rows.filter(isWanted);
  const task = taskOf(wanted, { target, positive: textFlag(options, 'positive'), kind: kindOf(about, options) });
  if (task.kind === 'regression' && options['threshold'] !== undefined)
    throw new CommandError(2, `--threshold is for probabilities, and the model answers numbers`);
  const bad: BadRow[] = [...data.bad];
  const rows = labelled(wanted, columns, target, task, bad);
  checkBad(data.file, bad, badRows);
  const scored = await score(file, options, rows, bad);
  checkBad(data.file, bad, badRows);
  const report = reportOf(scored.predictions, scored.labels, task, { threshold, bins });
  print(output, { file, data: data.file, task, report, skipped: bad.length });
}

function thresholdOf(options: RawOptions): number | undefined {
  const threshold = numberFlag(options, 'threshold');
  if (threshold === undefined || (threshold >= 0 && threshold <= 1)) return threshold;
  throw new CommandError(2, `--threshold: expected a probability, got ${threshold}`);
}

/** Columns that the model wants of a row: those of its declaration of features, or its own by name. */
async function columnsFor(file: string, about: ModelAbout, given: string | undefined): Promise<Columns> {
  const encoder = await encoderOf(file, given);
  if (encoder?.problem !== undefined) throw encoder.problem;
  if (encoder?.features !== undefined) return columnsOf(encoder.features.fields);
  const own = ownColumns(about);
  if (own.size === 0)
    throw new CommandError(2, `${file} does not name its features`, { next: 'Give a declaration of them: --encoder FILE.' });
  return own;
}

/** What the model answers: a probability by its objective or link, or where a positive value is named; else a number. */
function kindOf({ objective, link, answers = 1 }: ModelAbout, options: RawOptions): Task['kind'] {
  if (answers !== 1) throw new CommandError(1, `the model answers ${answers} numbers a row; models of one answer can be evaluated`);
  const isProbability = options['positive'] !== undefined || link === 'logit' || PROBABILITIES.includes(objective ?? '');
  return isProbability ? 'binary' : 'regression';
}

async function score(
  file: string,
  options: RawOptions,
  rows: readonly LabelledRow[],
  bad: BadRow[],
): Promise<{ predictions: number[]; labels: number[] }> {
  const { model } = await openFile(file, options);
  const predictions: number[] = [];
  const labels: number[] = [];
  try {
    for (let start = 0; start < rows.length; start += BATCH) {
      const batch = rows.slice(start, start + BATCH);
      const outcomes = await outcomesOf(model.predict(batch.map(({ row }) => row)));
      batch.forEach(({ line, label }, at) => {
        const outcome = outcomes[at] as number | Error;
        if (typeof outcome !== 'number') bad.push({ line, message: outcome.message });
        else {
          predictions.push(outcome);
          labels.push(label);
        }
      });
    }
  } finally {
    await model.close?.();
  }
  return { predictions, labels };
}

async function outcomesOf(answers: Promise<FileAnswer[]>): Promise<Array<FileAnswer | Error>> {
  try {
    return await answers;
  } catch (error) {
    if (!(error instanceof RowErrors)) throw error;
    return error.outcomes.map((outcome) => ('error' in outcome ? (outcome.error as Error) : (outcome.answer as FileAnswer)));
  }
}

interface Result {
  readonly file: string;
  readonly data: string;
  readonly task: Task;
  readonly report: Report;
  readonly skipped: number;
}

function print(output: Output, { file, data, task, report, skipped }: Result): void {
  output.data({ model: file, data, skipped, task, ...report });
  if (skipped > 0) output.line(`${skipped} bad rows were skipped`);
  printFigures(output, { [basename(file)]: report });
  if (report.kind === 'binary' && task.kind === 'binary') printConfusion(output, report, task.positive);
  printCalibration(output, report);
}
