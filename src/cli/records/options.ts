import { CommandError } from '../command-error.ts';

/** @throws CommandError (exit 2) quoting what was expected and what came */
export function wholeNumber(flag: string, given: unknown, least = 0): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new CommandError(2, `${flag}: expected a whole number of at least ${least}, got ${JSON.stringify(given)}`);
  }
  return value;
}

/** `name=value` pairs; a repeated name keeps all its values. */
export function pairs(flag: string, given: unknown): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const pair of (given ?? []) as string[]) {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandError(2, `${flag}: expected name=value, got ${JSON.stringify(pair)}`);
    found[pair.slice(0, at)] = [...(found[pair.slice(0, at)] ?? []), pair.slice(at + 1)];
  }
  return found;
}
