import { keepForm, type RecordHeaders, setHeader } from '../kafka/index.ts';
import { preview } from '../options/index.ts';
import { SerdeError } from './serde-error.ts';

/** Headers as they may be given: text is written as UTF-8, `null` and `undefined` are left out. */
export type HeadersInput = Readonly<Record<string, string | Uint8Array | ReadonlyArray<string | Uint8Array> | null | undefined>>;

/** @throws SerdeError `VALIDATION` for a name or a text that UTF-8 cannot hold, and for other values */
export function headersOf(input: HeadersInput | undefined): RecordHeaders | undefined {
  if (input === undefined) return undefined;
  const headers: RecordHeaders = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === null || value === undefined) continue;
    if (!name.isWellFormed()) throw refused(name, 'a name that UTF-8 can hold (no half of a surrogate pair)', name);
    const isOne = typeof value === 'string' || value instanceof Uint8Array;
    setHeader(headers, name, isOne ? headerBytes(name, value) : listed(name, value));
  }
  return keepForm(headers, input);
}

function listed(name: string, values: readonly unknown[]): Buffer[] {
  if (!Array.isArray(values)) throw refused(name, 'text, bytes or a list of these', values);
  return values.map((value) => headerBytes(name, value));
}

/** One value of a header, in bytes. */
export function headerBytes(name: string, value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'string') throw refused(name, 'text or bytes', value);
  if (!value.isWellFormed()) throw refused(name, 'text that UTF-8 can hold (no half of a surrogate pair)', value);
  return Buffer.from(value, 'utf8');
}

function refused(name: string, expected: string, got: unknown): SerdeError {
  return new SerdeError('VALIDATION', `header ${preview(name)}: expected ${expected}, got ${preview(got)}`, { path: name });
}
