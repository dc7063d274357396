import { type AnyRecord, isRecord } from '../record.ts';

const DETAIL_LENGTH = 500;
/** Python's first line of a stack trace; the last line that is not indented has the error. */
const TRACE = 'Traceback (most recent call last):';

/** One entry of pydantic's list of validation errors, in the answers of FastAPI, BentoML and MLServer. */
interface ValidationIssue {
  readonly loc: readonly unknown[];
  readonly msg: string;
}

/**
 * Returns the message of an error body: JSON's `detail`, `error` or `message`, else the text. Validation errors come out as
 * `body.age: Field required`, a stack trace as its last line; all are cut to a readable length.
 */
export function detailOf(text: string): string {
  const body = parsed(text);
  const words = body === undefined ? text : wordsOf(body);
  const line = withoutTrace(words).replace(/\s+/g, ' ').trim();
  return line.length > DETAIL_LENGTH ? `${line.slice(0, DETAIL_LENGTH)}... (${text.length} characters)` : line;
}

/** Returns the positions of the rows that validation errors name: the first integer of each `loc`. `undefined` when there is none. */
export function rowsNamed(text: string): number[] | undefined {
  const body = parsed(text);
  const issues = isRecord(body) ? (issuesOf(body.detail) ?? []) : [];
  const rows = new Set(issues.flatMap(({ loc }) => loc.filter((part) => typeof part === 'number' && Number.isInteger(part)).slice(0, 1)));
  return rows.size === 0 ? undefined : [...rows].map(Number).sort((a, b) => a - b);
}

function parsed(text: string): AnyRecord | readonly unknown[] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) || Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(body: AnyRecord | readonly unknown[]): string {
  const words = (isRecord(body) ? (body.detail ?? body.error ?? body.message) : undefined) ?? body;
  if (typeof words === 'string') return words;
  const issues = issuesOf(words);
  if (issues === undefined) return JSON.stringify(words);
  return issues.map(({ loc, msg }) => [loc.join('.'), msg].filter((part) => part !== '').join(': ')).join('; ');
}

function issuesOf(value: unknown): ValidationIssue[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const issues = value.flatMap((one: unknown) =>
    isRecord(one) && typeof one.msg === 'string' ? [{ loc: Array.isArray(one.loc) ? one.loc : [], msg: one.msg }] : [],
  );
  return issues.length === value.length ? issues : undefined;
}

function withoutTrace(words: string): string {
  const at = words.indexOf(TRACE);
  if (at < 0) return words;
  const last = words
    .slice(at + TRACE.length)
    .split('\n')
    .findLast((line) => /^\S/.test(line));
  return last === undefined ? words : `${words.slice(0, at)}${last}`;
}
