import { type Context, createContext, Script } from 'node:vm';
import { propertyOf } from '../../errors.ts';

/** Longest time for one run over some of the names. */
const LIMIT_MS = 100;
/** Longest time for all runs of one call: the event loop stands still meanwhile. What is left is tried by the next call. */
const BUDGET_MS = 1_000;

/** Runs where a time-out can end it: a regular expression that backtracks without end would hold the event loop for ever. */
const MATCHING = new Script('names.filter((name) => name.search(pattern) >= 0)');

/** Made when there is a first pattern, which takes a millisecond. */
let context: Context | undefined;

export interface Matched {
  readonly names: readonly string[];
  /** Names for which the pattern found no answer in time. */
  readonly tooSlow: readonly string[];
}

/** What is known of a pattern's names. The answer for a name never changes, so that no name is tried twice. */
type Answers = Map<string, 'matches' | 'differs' | 'too slow'>;
const known = new WeakMap<RegExp, Answers>();

/** Returns the names that a pattern matches. Names come from outside, and may be made to take a pattern for ever. */
export function matching(pattern: RegExp, names: readonly string[]): Matched {
  const before = known.get(pattern);
  // Those of topics that are gone are forgotten.
  const answers: Answers = new Map();
  for (const name of names) {
    const answer = before?.get(name);
    if (answer !== undefined) answers.set(name, answer);
  }
  known.set(pattern, answers);
  const asked = names.filter((name) => !answers.has(name));
  if (asked.length > 0) find(pattern, asked, answers, performance.now() + BUDGET_MS);
  const isOut = (name: string) => (answers.get(name) ?? 'too slow') === 'too slow';
  return { names: names.filter((name) => answers.get(name) === 'matches'), tooSlow: names.filter(isOut) };
}

/** Halves the names until those that take too long stand alone. */
function find(pattern: RegExp, names: readonly string[], answers: Answers, deadline: number): void {
  if (performance.now() >= deadline) return;
  const found = within(pattern, names);
  if (found !== undefined) {
    const matches = new Set(found);
    for (const name of names) answers.set(name, matches.has(name) ? 'matches' : 'differs');
  } else if (names.length === 1) {
    for (const name of names) answers.set(name, 'too slow');
  } else {
    const middle = names.length >> 1;
    for (const half of [names.slice(0, middle), names.slice(middle)]) find(pattern, half, answers, deadline);
  }
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
