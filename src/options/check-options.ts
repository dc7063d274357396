import { ConfigError } from '../errors.ts';
import { type Check, problemsIn, sentence } from './checks.ts';

/** A check for every option that there is: one that is forgotten does not compile. */
export type ChecksOf<Options> = { readonly [Name in keyof Options]-?: Check };

/**
 * Checks options where they are given.
 *
 * @param where what takes them, as `retry`: begins every sentence
 * @throws ConfigError with every problem together
 */
export function checkOptions<Options extends object>(where: string, options: NoInfer<Options>, checks: ChecksOf<Options>): void {
  if (typeof options !== 'object' || options === null) {
    // Not shown: a text may hold a password, as that of an address.
    throw new ConfigError(
      `${where}: expected an object with ${Object.keys(checks).join(', ')}, got ${options === null || options === undefined ? String(options) : `a ${typeof options}`}`,
    );
  }
  refuse(where, problemsIn(options, checks));
}

/** Checks one value. @throws ConfigError */
export function checkValue(where: string, { expected, fits }: Check, value: unknown): void {
  if (!fits(value)) throw new ConfigError(sentence(where, expected, value));
}

/** @throws ConfigError when there are any */
export function refuse(where: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `${where}: ${problem}`));
}
