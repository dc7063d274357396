const DETAIL_LENGTH = 500;
/** Python's first line of a stack trace; the last line that is not indented says what happened. */
const TRACE = 'Traceback (most recent call last):';

/** One entry of pydantic's list of validation errors, as FastAPI, BentoML and MLServer answer them. */
interface ValidationIssue {
  readonly loc?: readonly unknown[];
  readonly msg?: unknown;
}

/**
 * The words of an error body as servers write them: JSON with `detail`, `error` or `message`, else the text. Validation
 * errors come out as `body.age: Field required`, a stack trace as its last line; all cut to a sane length.
 */
export function detailOf(text: string): string {
  const body = parsed(text);
  const words = body === undefined ? text : wordsOf(body);
  const line = withoutTrace(words).replace(/\s+/g, ' ').trim();
  return line.length > DETAIL_LENGTH ? `${line.slice(0, DETAIL_LENGTH)}... (${text.length} characters)` : line;
}

/** Positions of the rows that validation errors name: the first whole number of each `loc`. `undefined` when none does. */
export function rowsNamed(text: string): number[] | undefined {
  const rows = new Set<number>();
  for (const { loc } of issuesOf((parsed(text) as { detail?: unknown } | undefined)?.detail) ?? []) {
    const row = loc?.find((part) => Number.isInteger(part));
    if (row !== undefined) rows.add(row as number);
  }
  return rows.size === 0 ? undefined : [...rows].sort((a, b) => a - b);
}

function parsed(text: string): object | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(body: object): string {
  const { detail, error, message } = body as Record<string, unknown>;
  const words = detail ?? error ?? message ?? body;
  if (typeof words === 'string') return words;
  const issues = issuesOf(words);
  if (issues === undefined) return JSON.stringify(words);
  return issues.map(({ loc, msg }) => [loc?.join('.'), msg].filter((part) => part !== undefined && part !== '').join(': ')).join('; ');
}

function issuesOf(value: unknown): ValidationIssue[] | undefined {
  const isIssue = (one: unknown) => typeof one === 'object' && one !== null && typeof (one as ValidationIssue).msg === 'string';
  if (!Array.isArray(value) || value.length === 0 || !value.every(isIssue)) return undefined;
  return value.map(({ loc, msg }: ValidationIssue) => ({ ...(Array.isArray(loc) ? { loc } : {}), msg }));
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
