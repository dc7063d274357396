import { describeModel, type EncoderFile, encoderOf, type ModelAbout, shortest } from '../../models/file/index.ts';
import { textFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { outputOf } from '../output.ts';
import { linkOf, readModelBytes } from './open.ts';

const NAMES_SHOWN = 12;

export async function modelInfo(file: string, options: RawOptions): Promise<void> {
  const output = outputOf(options.json === true);
  const about = await describeModel(await readModelBytes(file), { link: linkOf(options['link']) });
  const encoder = await encoderOf(file, textFlag(options, 'encoder'));
  output.data({ file, ...about, encoder: encoderJson(encoder), supported: about.unsupported === undefined });
  output.table(rowsOf(file, about, encoder));
  if (about.unsupported !== undefined) process.exitCode = 1;
}

function encoderJson(encoder: EncoderFile | undefined): object | undefined {
  if (encoder === undefined) return undefined;
  const { file, features, problem } = encoder;
  return { file, columns: features?.columns.length, fields: features && Object.keys(features.fields), problem: problem?.message };
}

function rowsOf(file: string, about: ModelAbout, encoder: EncoderFile | undefined): string[][] {
  const { unsupported } = about;
  const rows: Array<[string, string | number | undefined]> = [
    ['file', `${file} (${about.bytes} bytes, version ${about.version})`],
    ['kind', about.kind === undefined ? 'unknown' : `${about.kind}${about.format === undefined ? '' : `, ${about.format}`}`],
    ['supported', unsupported === undefined ? 'yes' : `no: ${unsupported.reason}`],
    ['', unsupported?.next],
    ['written by', about.writtenBy],
    ['booster', about.booster],
    ['objective', about.objective ?? about.link],
    ['rounds', rounds(about)],
    ['trees', about.trees],
    ['base score', about.baseScore?.map(shortest).join(', ')],
    ['features', about.features],
    ['names', names(about)],
    ['answers', about.answers === 1 ? 'a number' : about.answers && `a list of ${about.answers} numbers`],
    ['attributes', about.attributes && list(Object.entries(about.attributes).map(([name, value]) => `${name}=${value.slice(0, 40)}`))],
    [
      'encoder',
      encoder && `${encoder.file}${encoder.problem === undefined ? '' : `, which cannot be read here: ${encoder.problem.message}`}`,
    ],
  ];
  return rows.filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => [name, String(value)]);
}

function rounds({ rounds, roundsUsed }: ModelAbout): string | undefined {
  if (rounds === undefined) return undefined;
  return roundsUsed === undefined || roundsUsed === rounds ? String(rounds) : `${rounds}, of which the best ${roundsUsed} are used`;
}

function names({ featureNames, featureTypes = [], categories = {}, features }: ModelAbout): string | undefined {
  if (features === undefined || featureNames === undefined) return undefined;
  if (featureNames.length === 0) return 'none: a row is a list';
  return list(
    featureNames.map((name, at) => {
      const of = Object.hasOwn(categories, name) ? `${categories[name]} categories` : featureTypes[at];
      return of === undefined ? name : `${name} (${of})`;
    }),
  );
}

function list(items: readonly string[]): string {
  return items.length > NAMES_SHOWN ? `${items.slice(0, NAMES_SHOWN).join(', ')} and ${items.length - NAMES_SHOWN} more` : items.join(', ');
}
