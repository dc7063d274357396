import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '../../errors.ts';
import { type EncoderFile, encoderOf, type OpenModel, type OpenOptions, openModel } from '../../models/file/index.ts';
import { CommandError } from '../command-error.ts';
import { textFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';

/** @throws CommandError (exit 2) when the file cannot be read */
export async function readModelBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new CommandError(2, `cannot read the model file ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** The options of `withModelOptions`, checked. */
export function openOptionsOf(file: string, options: RawOptions): Omit<OpenOptions, 'features'> {
  return { name: basename(file), rounds: roundsOf(options['rounds']), link: linkOf(options['link']) };
}

/** The model of the command line, ready to score. */
export async function openFile(
  file: string,
  options: RawOptions,
  more: Pick<OpenOptions, 'margin' | 'threads' | 'nonFinite'> = {},
): Promise<OpenModel & { readonly encoder: EncoderFile | undefined }> {
  const bytes = await readModelBytes(file);
  const encoder = await encoderOf(file, textFlag(options, 'encoder'));
  return { ...(await openModel(bytes, { ...openOptionsOf(file, options), features: encoder?.features, ...more })), encoder };
}

export function linkOf(text: unknown): OpenOptions['link'] {
  if (text === undefined || text === 'logit' || text === 'identity') return text;
  throw new CommandError(2, `--link: expected logit or identity, got ${JSON.stringify(text)}`);
}

function roundsOf(text: unknown): OpenOptions['rounds'] {
  if (text === undefined || text === 'best' || text === 'all') return text;
  const [, from, to] = /^(\d+):(\d+)$/.exec(String(text)) ?? [];
  if (from === undefined) throw new CommandError(2, `--rounds: expected best, all or FROM:TO, got ${JSON.stringify(text)}`);
  return [Number(from), Number(to)];
}
