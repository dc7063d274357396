import { isUtf8 } from 'node:buffer';
import { StreamerError } from '../../errors.ts';

/**
 * A byte that is not UTF-8 is carried through as half a surrogate pair, which UTF-8 cannot contain, so that the line with it can be
 * refused and the others read.
 */
const FIRST_HALF = 0xdc00;

/** The encoding's name as the Encoding Standard has it; undefined for one that is not known. */
export function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** @param encoding as `encodingOf` returns it */
export async function* decodeText(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string, void, undefined> {
  const decoded = encoding === 'utf-8' ? decodeUtf8(chunks) : decodeOther(chunks, encoding);
  let isFirst = true;
  for await (const text of decoded) {
    yield isFirst ? text.replace(/^\uFEFF/, '') : text;
    isFirst = false;
  }
}

/** Describes the first byte of a text that is not UTF-8; undefined when all are. */
export function badByteIn(text: string): { readonly byte: string; readonly before: string } | undefined {
  if (text.isWellFormed()) return undefined;
  const at = text.search(/[\udc80-\udcff](?<![\ud800-\udbff].)/);
  return { byte: `0x${(text.charCodeAt(at) - FIRST_HALF).toString(16)}`, before: text.slice(0, at) };
}

async function* decodeUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let carried: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
    const whole = bytes.subarray(0, bytes.length - unfinished(bytes));
    carried = bytes.subarray(whole.length);
    yield isUtf8(whole) ? whole.toString('utf8') : escaped(whole);
  }
  if (carried.length > 0) yield escaped(carried);
}

/** Bytes at the end that begin a character whose rest may follow. */
function unfinished(bytes: Buffer): number {
  for (let count = 1; count <= 3 && count <= bytes.length; count++) {
    const byte = bytes[bytes.length - count] ?? 0;
    if (byte >= 0xc0) return lengthOf(byte) > count ? count : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Of the character that begins with this byte. */
function lengthOf(byte: number): number {
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}

function escaped(bytes: Buffer): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const end = asciiEnd(bytes, at);
    text += bytes.toString('latin1', at, end);
    at = end;
    const first = bytes[at];
    if (first === undefined) break;
    const character = bytes.subarray(at, at + lengthOf(first));
    const isValid = isUtf8(character);
    text += isValid ? character.toString('utf8') : String.fromCharCode(FIRST_HALF + first);
    at += isValid ? character.length : 1;
  }
  return text;
}

function asciiEnd(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0x80) < 0x80) at++;
  return at;
}

async function* decodeOther(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new StreamerError('DECODE', `bytes that are not ${encoding}`, { cause, next: 'Name the encoding that the file has.' });
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}
