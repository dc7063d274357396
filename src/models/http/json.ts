import { messageOf } from '../../errors.ts';
import { ModelError } from '../model-error.ts';

/** A whole string, or a number that JSON does not have. A string is matched first, so that no token within one is. */
const STRING_OR_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g;
/** Stands for such a number while the rest is parsed; no server sends it. */
const MARK = `\u0000${Math.random().toString(36).slice(2)}:`;

/**
 * Reads JSON as Python's `json.dumps` writes it: numbers may be `NaN`, `Infinity` and `-Infinity`, which are returned as such.
 * Otherwise as strict as `JSON.parse`.
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    let found = false;
    const marked = text.replace(STRING_OR_TOKEN, (token) => {
      if (token.startsWith('"')) return token;
      found = true;
      return JSON.stringify(MARK + token);
    });
    if (!found) throw error;
    return JSON.parse(marked, (_key, value: unknown) =>
      typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
    );
  }
}

export function writeJson(body: unknown): string {
  try {
    const text = JSON.stringify(body);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new ModelError('REFUSED', `a row cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
  throw new ModelError(
    'REFUSED',
    'a row has no JSON form: `features` must return an object, a list, a string, a number, a boolean or null',
  );
}

/** Returns the value for a message: as JSON, cut to a readable length, with the names of numbers that JSON lacks. */
export function shown(value: unknown, length = 120): string {
  const text =
    JSON.stringify(value, (_key, one: unknown) => (typeof one === 'number' && !Number.isFinite(one) ? String(one) : one)) ?? String(value);
  return text.length > length ? `${text.slice(0, length)}...` : text;
}
