import { isUtf8 } from 'node:buffer';
import { isFloat32 } from '../float32.ts';
import { type AvroType, avsc, type Hook, type Tap } from './library.ts';
import { readRounded } from './longs.ts';
import type { Resolving } from './unresolved.ts';

/** Primitive types where avsc's own lose something silently. Each is made once. */
export interface Primitives {
  readonly int: AvroType;
  readonly float: AvroType;
  readonly double: AvroType;
  readonly string: AvroType;
}

let made: Primitives | undefined;

export function primitives(): Primitives {
  made ??= { int: intType(), float: floatType(), double: doubleType(), string: stringType() };
  return made;
}

/** avsc's own check throws at a bigint, and what it reads may have more than 32 bits. */
function intType(): AvroType {
  class Int extends avsc().types.IntType {
    override _read(tap: Tap): number {
      const value = tap.readLong();
      if (value !== (value | 0)) throw new Error('a whole number of more than 32 bits');
      return value;
    }

    _check(value: unknown, _flags: unknown, hook: Hook): boolean {
      const isValid = typeof value === 'number' && value === (value | 0);
      if (!isValid) hook?.(value, this);
      return isValid;
    }
  }
  return new Int();
}

/**
 * Whole numbers of a writer are rounded to what the type holds, as Java's conversions do; avsc loses the sign below -2^52, and writes
 * numbers beyond the type's range as infinite.
 */
function floatType(): AvroType {
  class Float extends avsc().types.FloatType {
    _check(value: unknown, _flags: unknown, hook: Hook): boolean {
      const isValid = isFloat32(value);
      if (!isValid) hook?.(value, this);
      return isValid;
    }

    override _write(tap: Tap, value: unknown): void {
      if (!isFloat32(value)) throw new Error('not a number within the range of a float');
      tap.writeFloat(value);
    }

    override _update(resolver: Resolving, writer: AvroType, options: unknown): void {
      super._update(resolver, writer, options);
      if (isWhole(writer)) resolver._read = (tap) => Math.fround(readRounded(tap));
    }
  }
  return new Float();
}

function doubleType(): AvroType {
  class Double extends avsc().types.DoubleType {
    override _update(resolver: Resolving, writer: AvroType, options: unknown): void {
      super._update(resolver, writer, options);
      if (isWhole(writer)) resolver._read = readRounded;
    }
  }
  return new Double();
}

function isWhole({ typeName }: AvroType): boolean {
  return typeName === 'int' || typeName === 'long' || typeName === 'abstract:long';
}

/** avsc writes halves of surrogate pairs as bytes that are not UTF-8, and replaces bytes that are not UTF-8 when it reads. */
function stringType(): AvroType {
  class Text extends avsc().types.StringType {
    _check(value: unknown, _flags: unknown, hook: Hook): boolean {
      const isValid = isText(value);
      if (!isValid) hook?.(value, this);
      return isValid;
    }

    override _read(tap: Tap): string {
      return readText(tap);
    }

    override _write(tap: Tap, value: unknown): void {
      writeText(tap, value);
    }
  }
  return new Text();
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

/** Below this a length takes one byte, and looking at each byte is faster than checking the text as a whole. */
const SHORT = 64;

/** @throws Error when UTF-8 cannot hold it */
export function writeText(tap: Tap, value: unknown): void {
  if (typeof value === 'string' && value.length < SHORT && writeAscii(tap, value)) return;
  if (!isText(value)) throw new Error('not a text that UTF-8 can hold');
  tap.writeString(value);
}

/** @returns false when the text is not ASCII, or has no room: its bytes are then overwritten */
function writeAscii(tap: Tap, text: string): boolean {
  const { buf, pos } = tap;
  const { length } = text;
  if (pos + length >= buf.length) return false;
  buf[pos] = 2 * length;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return false;
    buf[pos + 1 + at] = code;
  }
  tap.pos = pos + 1 + length;
  return true;
}

/** The functions that Node's `toString` calls in the end, as avsc does. */
interface Sliced extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** @throws Error when the bytes are not UTF-8 */
export function readText(tap: Tap): string {
  const length = tap.readLong();
  if (length < 0) throw new Error('a text of negative length');
  const { pos } = tap;
  const buf = tap.buf as Sliced;
  tap.pos = pos + length;
  // The reader of the whole value sees that the end was passed.
  if (tap.pos > buf.length) return '';
  if (length < SHORT && isAscii(buf, pos, tap.pos)) return buf.latin1Slice(pos, tap.pos);
  const text = buf.utf8Slice(pos, tap.pos);
  // Bytes that could not be decoded give this character; so does the character itself.
  if (text.includes('\ufffd') && !isUtf8(buf.subarray(pos, tap.pos))) throw new Error('not valid UTF-8');
  return text;
}

function isAscii(bytes: Buffer, from: number, to: number): boolean {
  let all = 0;
  for (let at = from; at < to; at++) all |= bytes[at]!;
  return all < 0x80;
}
