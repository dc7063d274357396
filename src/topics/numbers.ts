import { preview } from '../options/index.ts';
import { isFloat32 } from './float32.ts';
import { parseExactly } from './json-text/parse.ts';
import type { Serde, SerdeContext } from './serde.ts';
import { SerdeError, wrongType } from './serde-error.ts';

/** How a kind of number is written: always big-endian, always the same count of bytes. */
interface Kind<T> {
  readonly name: string;
  readonly size: number;
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
  readonly write: (buffer: Buffer, value: T) => void;
  readonly read: (buffer: Buffer) => T;
}

function fixedSize<T>({ name, size, expected, fits, write, read }: Kind<T>): Serde<T> {
  return {
    name,
    encode(value, context) {
      if (!fits(value)) throw wrongType(expected, value, context);
      const buffer = Buffer.allocUnsafe(size);
      write(buffer, value);
      return buffer;
    },
    decode(bytes, context) {
      if (bytes.length !== size) throw wrongSize(name, size, bytes, context);
      return read(bytes);
    },
  };
}

const isWhole = (bits: number) => {
  const limit = 2 ** (bits - 1);
  return (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
};

/** A whole number of 2 bytes, as Kafka's `ShortSerializer` writes it. */
export function int16(): Serde<number> {
  return fixedSize({
    name: 'int16',
    size: 2,
    expected: 'a whole number from -32768 to 32767',
    fits: isWhole(16),
    write: (buffer, value) => buffer.writeInt16BE(value),
    read: (buffer) => buffer.readInt16BE(0),
  });
}

/** A whole number of 4 bytes, as Kafka's `IntegerSerializer` writes it. */
export function int32(): Serde<number> {
  return fixedSize({
    name: 'int32',
    size: 4,
    expected: 'a whole number from -2147483648 to 2147483647',
    fits: isWhole(32),
    write: (buffer, value) => buffer.writeInt32BE(value),
    read: (buffer) => buffer.readInt32BE(0),
  });
}

/** A `bigint` of 8 bytes, as Kafka's `LongSerializer` writes it. */
export function int64(): Serde<bigint> {
  const serde = fixedSize<bigint>({
    name: 'int64',
    size: 8,
    expected: 'a bigint of 64 bits',
    fits: (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
    write: (buffer, value) => buffer.writeBigInt64BE(value),
    read: (buffer) => buffer.readBigInt64BE(0),
  });
  return { ...serde, parsePlain: bigintOf, toPlain: String };
}

function bigintOf(text: string): unknown {
  const plain = parseExactly(text);
  if (typeof plain === 'string') return /^-?\d+$/.test(plain) ? BigInt(plain) : plain;
  return typeof plain === 'number' && Number.isSafeInteger(plain) ? BigInt(plain) : plain;
}

/**
 * An IEEE 754 number of 4 bytes, as Kafka's `FloatSerializer` writes it: numbers are rounded to 24 bits. One that would become
 * infinite, or zero, is refused.
 */
export function float32(): Serde<number> {
  return fixedSize({
    name: 'float32',
    size: 4,
    expected: 'a number within the range of 4 bytes (1.4e-45 to 3.4e38)',
    fits: isFloat32,
    write: (buffer, value) => buffer.writeFloatBE(value),
    read: (buffer) => buffer.readFloatBE(0),
  });
}

/** An IEEE 754 number of 8 bytes, as Kafka's `DoubleSerializer` writes it. */
export function float64(): Serde<number> {
  return fixedSize({
    name: 'float64',
    size: 8,
    expected: 'a number',
    fits: (value) => typeof value === 'number',
    write: (buffer, value) => buffer.writeDoubleBE(value),
    read: (buffer) => buffer.readDoubleBE(0),
  });
}

/** A JavaScript number, whole: `float64` under a shorter name. */
export function number(): Serde<number> {
  return { ...float64(), name: 'number' };
}

function wrongSize(name: string, size: number, bytes: Buffer, { topic, part }: SerdeContext): SerdeError {
  return new SerdeError('DECODE', `${part}: expected ${size} bytes (big-endian ${name}), got ${bytes.length}: ${preview(bytes)}`, {
    topic,
  });
}
