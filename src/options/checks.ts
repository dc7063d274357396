import { preview } from './preview.ts';

/** What an option's value must be. */
export interface Check {
  /** Completes "expected ...", as `a whole number of at least 1`. */
  readonly expected: string;
  fits(value: unknown): boolean;
  /** Instead of one sentence about the whole: a sentence for each part that does not fit. */
  problems?(name: string, value: unknown): string[];
}

/** Longest time of a Node.js timer, 24.8 days: a longer one fires after a millisecond. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Any other rule. */
export function that(expected: string, fits: (value: unknown) => boolean): Check {
  return { expected, fits };
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return that(`a whole number ${range}`, (value) => Number.isInteger(value) && isWithin(value, least, most));
}

/** A number, infinity included where `most` is infinite. */
export function numberFrom(least: number, most = Number.POSITIVE_INFINITY): Check {
  const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
  return that(`a number ${range}`, (value) => isWithin(value, least, most));
}

/** A finite number above 0. */
export const positiveNumber: Check = that('a finite number above 0', (value) => isWithin(value, Number.MIN_VALUE, Number.MAX_VALUE));

/**
 * Milliseconds that a timer runs, or that are compared with the clock: a time that no timer can run is refused.
 *
 * @param least 0 where the option documents it as no limit, or no wait
 */
export function durationMs(least: number): Check {
  return that(`milliseconds from ${least} to ${MAX_TIMER_MS} (24.8 days)`, (value) => isWithin(value, least, MAX_TIMER_MS));
}

export function oneOf(words: readonly unknown[]): Check {
  const names = words.map((word) => (typeof word === 'string' ? `'${word}'` : String(word)));
  return that(names.length === 2 ? names.join(' or ') : `one of ${names.join(', ')}`, (value) => words.includes(value));
}

export const truth: Check = that('true or false', (value) => typeof value === 'boolean');

export const aString: Check = that('a string', (value) => typeof value === 'string');

export const nonEmptyString: Check = that('a non-empty string', (value) => typeof value === 'string' && value !== '');

export const aFunction: Check = that('a function', (value) => typeof value === 'function');

/** For options that are checked elsewhere: only their names are known here. */
export const anything: Check = that('anything', () => true);

/** An object of options of its own. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  return {
    expected: 'an object',
    fits: isObject,
    problems: (name, value) => (isObject(value) ? problemsIn(value, checks, `${name}.`) : [sentence(name, 'an object', value)]),
  };
}

/** A sentence for every option that does not fit, and for every one that does not exist. Those that are absent fit. */
export function problemsIn(options: object, checks: Readonly<Record<string, Check>>, prefix = ''): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) return [`unknown option "${prefix}${name}", expected one of ${Object.keys(checks).join(', ')}`];
    if (value === undefined) return [];
    if (check.problems !== undefined) return check.problems(prefix + name, value);
    return check.fits(value) ? [] : [sentence(prefix + name, check.expected, value)];
  });
}

/** `concurrency: expected a whole number of at least 1, got 0` */
export function sentence(name: string, expected: string, got: unknown): string {
  return `${name}: expected ${expected}, got ${preview(got)}`;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
