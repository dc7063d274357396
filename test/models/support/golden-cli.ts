import { existsSync, readdirSync } from 'node:fs';
import { run } from '../../cli/helpers.ts';
import { ulps } from './bits.ts';
import { type Golden, goldens, inModels } from './models-dir.ts';

/** Model files of MODELS_DIR that have goldens for the command line; without those that need onnxruntime-node. */
export function goldenFiles(): string[] {
  return readdirSync(inModels('models')).filter(
    (file) => /\.(json|ubj)$/.test(file) && existsSync(inModels(`goldens/${file.replace(/\.\w+$/, '')}.jsonl`)),
  );
}

/** What `streamer model predict` gets wrong of a file's goldens, row by row; empty when all is as the library has it. */
export async function golden(file: string): Promise<string[]> {
  const rows = goldens(file.replace(/\.\w+$/, ''));
  const wrong: string[] = [];
  for (const margin of [true, false]) {
    const wanted = rows.map((row) => (margin ? row.margin : (row.prediction ?? row.probability)));
    if (wanted.some((value) => value === undefined)) continue;
    const input = rows.map((row) => JSON.stringify(row.features ?? row.raw)).join('\n');
    const args = ['model', 'predict', inModels(`models/${file}`), '--features', '-', ...(margin ? ['--margin', '--json'] : [])];
    const { code, stdout, stderr } = await run(args, { input });
    if (code !== 0) return [`${file}: exit code ${code}: ${stderr}`];
    const answers = stdout.trimEnd().split('\n');
    if (answers.length !== rows.length) return [`${file}: ${answers.length} answers to ${rows.length} rows`];
    rows.forEach((row, at) => {
      const distance = difference(file, JSON.parse(answers[at] as string), wanted[at] as number | number[], margin);
      if (distance !== undefined) wrong.push(`${file} row ${row.row} ${margin ? 'margin' : 'prediction'}: ${distance}`);
    });
  }
  return wrong;
}

/** Margins are equal, predictions within 4 units of the last place; linear models, in 64 bits, within 1e-12. */
function difference(file: string, answer: number | number[], wanted: Golden['margin'], isMargin: boolean): string | undefined {
  const got = [answer].flat().map(Number);
  const want = [wanted ?? []].flat();
  const far = `${JSON.stringify(answer)} is not ${JSON.stringify(wanted)}`;
  if (got.length !== want.length || Array.isArray(answer) !== Array.isArray(wanted)) return far;
  if (file.includes('sklearn'))
    return got.every((value, k) => Math.abs(value - (want[k] as number)) <= 1e-12 * Math.abs(value)) ? undefined : far;
  const distance = ulps(
    Float32Array.from(got),
    want.map((value) => Math.fround(Number(value))),
  );
  return distance <= (isMargin ? 0 : 4) ? undefined : far;
}
