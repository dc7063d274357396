import { isUtf8 } from 'node:buffer';
import { type AvroType, avsc, type Hook, type Tap } from './library.ts';
import { readRounded } from './longs.ts';
import type { Resolving } from './unresolved.ts';

/** Primitive types where avsc's own lose something without a word. Each is made once. */
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

/** avsc's own check throws at a bigint. */
function intType(): AvroType {
  class Int extends avsc().types.IntType {
    _check(value: unknown, _flags: unknown, hook: Hook): boolean {
      const isValid = typeof value === 'number' && value === (value | 0);
      if (!isValid) hook?.(value, this);
      return isValid;
    }
  }
  return new Int();
}

/** Whole numbers are rounded to what the type holds, as Java's conversions do; avsc loses the sign below -2^52. */
function floatType(): AvroType {
  class Float extends avsc().types.FloatType {
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

/** avsc writes halves of surrogate pairs as bytes that nobody can read, and reads what is not UTF-8 as something else. */
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
      if (!isText(value)) throw new Error('not a text that UTF-8 can hold');
      tap.writeString(value);
    }
  }
  return new Text();
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

/** @throws Error when the bytes are not UTF-8 */
export function readText(tap: Tap): string {
  const start = tap.pos;
  const text = tap.readString();
  // Only what could not be decoded, or is this very character, has it.
  if (text?.includes('\ufffd')) {
    const end = tap.pos;
    tap.pos = start;
    const length = tap.readLong();
    if (!isUtf8(tap.buf.subarray(tap.pos, tap.pos + length))) throw new Error('not valid UTF-8');
    tap.pos = end;
  }
  return text;
}
