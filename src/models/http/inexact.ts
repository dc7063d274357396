import { isRecord } from '../record.ts';

/** An integer of a JSON text that no number of JavaScript equals, as 9007199254740993. */
export class InexactNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): string {
    return this.digits;
  }
}

/** A value that cannot be passed on exactly. */
export interface Inexact {
  /** As `[3].age`; empty for the value itself. */
  readonly place: string;
  /** Completes a sentence about the place, as `is not a finite number`. */
  readonly problem: string;
}

/** Returns the problem of one value; undefined when it has none of its own. */
export type Rule = (value: unknown, isInList: boolean) => string | undefined;

const DEEPEST = 200;

/** Returns the first value, at any depth, that the rule refuses. */
export function findInexact(value: unknown, rule: Rule, isInList = false, depth = 0): Inexact | undefined {
  const problem = rule(value, isInList);
  if (problem !== undefined) return { place: '', problem };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === DEEPEST) return { place: '', problem: `is nested deeper than ${DEEPEST} levels` };
  return Array.isArray(value) ? inList(value, rule, depth) : inFields(value, rule, depth);
}

function inList(list: readonly unknown[], rule: Rule, depth: number): Inexact | undefined {
  for (let at = 0; at < list.length; at++) {
    const found = findInexact(list[at], rule, true, depth + 1);
    if (found !== undefined) return within(`[${at}]`, found);
  }
  return undefined;
}

function inFields(value: object, rule: Rule, depth: number): Inexact | undefined {
  const written: unknown = isRecord(value) && typeof value.toJSON === 'function' ? value.toJSON() : value;
  if (!isRecord(written)) return written === value ? undefined : findInexact(written, rule, false, depth + 1);
  for (const name of Object.keys(written)) {
    if (!name.isWellFormed()) return { place: name, problem: 'has half of a surrogate pair in its name' };
    const found = findInexact(written[name], rule, false, depth + 1);
    if (found !== undefined) return within(name, found);
  }
  return undefined;
}

/** The place is put together on the way back: most values have no problem. */
function within(outer: string, { place, problem }: Inexact): Inexact {
  return { place: `${outer}${place === '' || place.startsWith('[') ? '' : '.'}${place}`, problem };
}

/** Refuses values of a JSON text that the text has and a program does not get: long integers, and halves of surrogate pairs. */
export const readRule: Rule = (value) => {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'has half of a surrogate pair';
  return value instanceof InexactNumber ? `is ${value.digits}, which no number of JavaScript equals` : undefined;
};

/** The same for an answer, in which every number must be finite: null in a list of numbers stands for one that is not. */
export const answerRule: Rule = (value, isInList) => {
  const isHole = value === null && isInList;
  return isHole || (typeof value === 'number' && !Number.isFinite(value)) ? 'is not a finite number' : readRule(value, isInList);
};

/** Refuses values that `JSON.stringify` changes instead of writing: they would come out as null, as {} or as something else. */
export const writeRule: Rule = (value, isInList) => {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `is ${value}, which JSON cannot hold`;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'has half of a surrogate pair';
  if (isInList && (value === undefined || typeof value === 'function' || typeof value === 'symbol')) return `is ${typeof value}`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'is an invalid date' : undefined;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'is binary data or a typed array';
  const hasForm = Array.isArray(value) || Object.keys(value).length > 0 || ('toJSON' in value && typeof value.toJSON === 'function');
  const parent: unknown = hasForm ? null : Object.getPrototypeOf(value);
  return parent === null || parent === Object.prototype ? undefined : `is a ${value.constructor.name} without fields`;
};
