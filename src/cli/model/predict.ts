import { type FileAnswer, shortest } from '../../models/file/index.ts';
import { RowErrors } from '../../models/index.ts';
import type { RawOptions } from '../options.ts';
import { openFile } from './open.ts';
import { BadLine, type Line, rowsOf } from './rows.ts';

type Opened = Awaited<ReturnType<typeof openFile>>;

/** Rows that are scored and printed together. */
const BATCH = 1_024;

export async function predictRows(file: string, options: RawOptions): Promise<void> {
  const rowsFile = String(options['features']);
  const { model, isFloat32, encoder } = await openFile(file, options, { margin: options['margin'] === true, nonFinite: 'answer' });
  try {
    for await (const lines of rowsOf(rowsFile, BATCH)) await score(model, lines, { rowsFile, isFloat32, encoder });
  } finally {
    await model.close?.();
  }
}

async function score(
  model: Opened['model'],
  lines: readonly Line[],
  { rowsFile, isFloat32, encoder }: Pick<Opened, 'isFloat32' | 'encoder'> & { readonly rowsFile: string },
): Promise<void> {
  try {
    print(await model.predict(lines.map(({ row }) => row)), isFloat32);
  } catch (error) {
    if (!(error instanceof RowErrors)) throw error;
    const bad = error.outcomes.findIndex((outcome) => 'error' in outcome);
    print(
      error.outcomes.slice(0, bad).map((outcome) => (outcome as { answer: FileAnswer }).answer),
      isFloat32,
    );
    const cause = (error.outcomes[bad] as { error: Error }).error;
    const { number, row } = lines[bad] as Line;
    const unused = Array.isArray(row) || encoder?.problem === undefined ? '' : `; ${encoder.file} is not used: ${encoder.problem.message}`;
    throw new BadLine(rowsFile, number, `${cause.message}${unused}`, cause);
  }
}

function print(answers: readonly FileAnswer[], isFloat32: boolean): void {
  const text = (answer: FileAnswer) => JSON.stringify(isFloat32 ? short(answer) : answer);
  if (answers.length > 0) process.stdout.write(`${answers.map(text).join('\n')}\n`);
}

function short(answer: FileAnswer): unknown {
  return typeof answer === 'number' ? printable(answer) : answer.map(printable);
}

/** JSON has no number for infinity: its name as a text. */
function printable(value: number): number | string {
  return Number.isFinite(value) ? shortest(value) : String(value);
}
