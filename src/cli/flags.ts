import { CommandError } from './command-error.ts';
import type { RawOptions } from './options.ts';

/** `maxBody` -> `--max-body` */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Returns the text that a flag was given; undefined when it was not given. */
export function textFlag(options: RawOptions, name: string): string | undefined {
  const given = options[name];
  return given === undefined ? undefined : String(given);
}

/** Returns the texts of a flag that may be repeated. */
export function textsFlag(options: RawOptions, name: string): string[] {
  const given = options[name];
  return Array.isArray(given) ? given.map(String) : [];
}

/** Returns the number that a flag was given; undefined when it was not given. */
export function numberFlag(options: RawOptions, name: string): number | undefined {
  const text = textFlag(options, name);
  if (text === undefined) return undefined;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new CommandError(2, `${flagOf(name)}: expected a number, got ${JSON.stringify(text)}`);
}

/** Returns the whole number that a flag was given; undefined when it was not given. */
export function wholeNumber(flag: string, given: unknown, least = 0): number | undefined {
  if (given === undefined) return undefined;
  const value = String(given).trim() === '' ? Number.NaN : Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new CommandError(2, `${flag}: expected a whole number of at least ${least}, got ${JSON.stringify(given)}`);
}

/** Returns the word that a flag was given, or the first one when it was not given. */
export function wordFlag<Word extends string>(options: RawOptions, name: string, words: readonly [Word, ...Word[]]): Word {
  const text = options[name] ?? words[0];
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new CommandError(2, `${flagOf(name)}: expected ${words.join(' or ')}, got ${JSON.stringify(text)}`);
}

/** Returns the names of a comma-separated list; undefined when the flag was not given. */
export function listFlag(options: RawOptions, name: string): string[] | undefined {
  return textFlag(options, name)
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Returns `name=value` pairs as they are given, in order. */
export function pairs(flag: string, given: unknown): Array<[name: string, value: string]> {
  const texts = Array.isArray(given) ? given.map(String) : [];
  return texts.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandError(2, `${flag}: expected name=value, got ${JSON.stringify(pair)}`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}
