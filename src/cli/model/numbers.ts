import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';

/** The number that a flag was given, by the name of its option; undefined when it was not given. */
export function numberFlag(options: RawOptions, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const number = String(text).trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new CommandError(2, `${flagOf(name)}: expected a number, got ${JSON.stringify(text)}`);
}

/** One of some words; the first is what counts without the flag. */
export function wordFlag<Word extends string>(options: RawOptions, name: string, words: readonly [Word, ...Word[]]): Word {
  const text = options[name] ?? words[0];
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new CommandError(2, `${flagOf(name)}: expected ${words.join(' or ')}, got ${JSON.stringify(text)}`);
}

/** Names parted by commas. */
export function listFlag(options: RawOptions, name: string): string[] | undefined {
  return (options[name] as string | undefined)
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
