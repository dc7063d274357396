import type { Serde, SerdeContext } from './serde.ts';
import { preview, SerdeError } from './serde-error.ts';
import { text } from './serdes.ts';

/**
 * Text, or a whole number of 16 digits and more; not the digits of a fraction, as in 0.30000000000000004. Nanosecond times (`ts_ns`, in every change event of Debezium) are left as
 * they are: reading them exactly would cost a second pass over every record, and nobody needs more than their 256 ns.
 */
const TOKENS = /"ts_ns":\d+|"(?:[^"\\]|\\.)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g;
/** Marks a whole number that is carried as text through JSON's own functions. */
const MARK = '\u0000int:';
const MARKED = /"\\u0000int:(-?\d+)"/g;

/**
 * JSON in UTF-8, without a schema, in which whole numbers that a `number` cannot hold (beyond 2^53) are `bigint`, so that a
 * `bigint` column of a database comes out as it went in. For change events; other numbers are read as `json()` reads them.
 */
export function exactJson(): Serde<unknown> {
  return {
    name: 'exact json',
    encode: bytesOf,
    decode(bytes, context) {
      const source = text(bytes, context);
      try {
        return parseExactly(source);
      } catch (cause) {
        throw new SerdeError('DECODE', `${context.part}: not JSON: ${(cause as Error).message}`, { topic: context.topic, cause });
      }
    },
  };
}

/** @throws SyntaxError */
export function parseExactly(source: string): unknown {
  if (!/\d{16}/.test(source)) return JSON.parse(source);
  let hasMarks = false;
  const marked = source.replace(TOKENS, (token) => {
    if (token[0] === '"' || Number.isSafeInteger(Number(token))) return token;
    hasMarks = true;
    return JSON.stringify(MARK + token);
  });
  if (!hasMarks) return JSON.parse(source);
  return JSON.parse(marked, (_name, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** @throws TypeError for what JSON cannot hold, as a circle */
export function stringifyExactly(value: unknown): string | undefined {
  return plain(value) ?? exact(value);
}

/** Most values hold no `bigint`; a replacer would make writing them several times slower. */
function plain(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function exact(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? MARK + part.toString() : part))?.replace(MARKED, '$1');
}

function bytesOf(value: unknown, context: SerdeContext): Buffer {
  let cause: unknown;
  try {
    const written = stringifyExactly(value);
    if (written !== undefined) return Buffer.from(written, 'utf8');
  } catch (error) {
    cause = error;
  }
  const reason = cause === undefined ? `${preview(value)} has no JSON form` : `cannot be written as JSON: ${(cause as Error).message}`;
  throw new SerdeError('VALIDATION', `${context.part}: ${reason}`, { topic: context.topic, cause });
}
