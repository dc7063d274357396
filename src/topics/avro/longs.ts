import { type AvroType, avsc, type Hook, type Tap } from './library.ts';
import { checkUnits } from './logical.ts';

let exact: AvroType | undefined;
let big: AvroType | undefined;
let micros: AvroType | undefined;

/** Where twice a number is one that JavaScript holds exactly. */
const HALF_SAFE = 2 ** 52;
/** Bytes of 64 bits, seven in each. */
const LONGEST = 10;

/**
 * A `long` as a number, refused beyond 2^53. avsc's own doubles the number in floating point on its way to zigzag, which
 * rounds below -2^52: -9007199254740990 comes back without its sign.
 */
export function exactLong(): AvroType {
  if (exact !== undefined) return exact;
  class ExactLong extends avsc().types.LongType {
    _check(value: unknown, _flags: unknown, hook: Hook): boolean {
      const isValid = Number.isSafeInteger(value);
      if (!isValid) hook?.(value, this);
      return isValid;
    }

    override _read(tap: Tap): number {
      const start = tap.pos;
      const value = tap.readLong();
      return value < HALF_SAFE && value > -HALF_SAFE ? value : readExactly(tap, start);
    }

    override _write(tap: Tap, value: unknown): void {
      if (!isSafe(value)) throw new Error(`not a whole number within 2^53: ${String(value)}`);
      if (value < HALF_SAFE && value > -HALF_SAFE) tap.writeLong(value);
      else tap.packLongBytes(int64Bytes(BigInt(value)));
    }
  }
  exact = new ExactLong();
  return exact;
}

function isSafe(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function readExactly(tap: Tap, start: number): number {
  tap.pos = start;
  const value = Number(tap.unpackLongBytes().readBigInt64LE(0));
  if (tap.pos - start > LONGEST) throw new Error('a whole number of more than 64 bits');
  if (!Number.isSafeInteger(value)) throw new Error("a whole number beyond 2^53: read it with long: 'bigint'");
  return value;
}

/** A `long`, or an `int`, to the nearest number that JavaScript holds. */
export function readRounded(tap: Tap): number {
  const start = tap.pos;
  const value = tap.readLong();
  if (value < HALF_SAFE && value > -HALF_SAFE) return value;
  tap.pos = start;
  return Number(tap.unpackLongBytes().readBigInt64LE(0));
}

function int64Bytes(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** A `long` as a bigint, whole. */
export function bigLong(): AvroType {
  big ??= make();
  return big;
}

/** `timestamp-micros`: a bigint of microseconds since 1970-01-01 UTC, since a Date would lose three digits. */
export function timestampMicros(): AvroType {
  micros ??= ofUnit(make(), 'timestamp-micros');
  return micros;
}

/** A whole number that is never read as one of another unit. */
export function ofUnit(type: AvroType, describe: string): AvroType {
  const createResolver = (writer: AvroType, options?: unknown) => {
    checkUnits(describe, writer);
    return type.createResolver(writer, options);
  };
  // What avsc makes is frozen.
  return Object.create(type, { describe: { value: describe }, createResolver: { value: createResolver } });
}

function make(): AvroType {
  return avsc().types.LongType.__with({
    fromBuffer: (bytes) => bytes.readBigInt64LE(0),
    toBuffer: int64Bytes,
    fromJSON: (value: number | bigint) => BigInt(value),
    toJSON: (value: bigint) => (BigInt.asIntN(54, value) === value ? Number(value) : String(value)),
    isValid: (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  });
}
