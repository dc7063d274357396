import { type Context, createContext, Script } from 'node:vm';
import { propertyOf } from '../../errors.ts';

/** Longest time for all names together, and then for each name by itself. */
const LIMIT_MS = 100;

/** Runs where a time-out can end it: a regular expression that backtracks without end would hold the event loop for ever. */
const MATCHING = new Script('names.filter((name) => name.search(pattern) >= 0)');

/** Made when there is a first pattern, which takes a millisecond. */
let context: Context | undefined;

export interface Matched {
  readonly names: readonly string[];
  /** Names for which the pattern found no answer in time. */
  readonly tooSlow: readonly string[];
}

/** Returns the names that a pattern matches. Names come from outside, and may be made to take a pattern for ever. */
export function matching(pattern: RegExp, names: readonly string[]): Matched {
  const all = within(pattern, names);
  if (all !== undefined) return { names: all, tooSlow: [] };
  const each = names.map((name) => ({ name, matched: within(pattern, [name]) }));
  return {
    names: each.flatMap(({ matched = [] }) => matched),
    tooSlow: each.flatMap(({ name, matched }) => (matched === undefined ? [name] : [])),
  };
}

function within(pattern: RegExp, names: readonly string[]): string[] | undefined {
  context ??= createContext({});
  Object.assign(context, { pattern, names });
  try {
    const found: unknown = MATCHING.runInContext(context, { timeout: LIMIT_MS });
    return Array.isArray(found) ? found.map(String) : undefined;
  } catch (error) {
    // An error of the context's own realm is not an instance of `Error` here.
    if (propertyOf(error, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}
