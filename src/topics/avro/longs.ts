import { type AvroType, avsc } from './library.ts';
import { checkUnits } from './logical.ts';

let big: AvroType | undefined;
let micros: AvroType | undefined;

/** A `long` as a bigint, whole; avsc's own is a number and refuses what lies beyond 2^53. */
export function bigLong(): AvroType {
  big ??= make();
  return big;
}

/** `timestamp-micros`: a bigint of microseconds since 1970-01-01 UTC, since a Date would lose three digits. */
export function timestampMicros(): AvroType {
  // What avsc makes is frozen.
  micros ??= Object.create(make(), { describe: { value: 'timestamp-micros' }, createResolver: { value: createResolver } }) as AvroType;
  return micros;
}

function make(): AvroType {
  return avsc().types.LongType.__with({
    fromBuffer: (bytes) => bytes.readBigInt64LE(0),
    toBuffer(value: bigint) {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: (value: number | bigint) => BigInt(value),
    toJSON: (value: bigint) => (BigInt.asIntN(54, value) === value ? Number(value) : String(value)),
    isValid: (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  });
}

function createResolver(this: AvroType, writer: AvroType, options?: unknown) {
  checkUnits('timestamp-micros', writer);
  return (Object.getPrototypeOf(this) as AvroType).createResolver.call(this, writer, options);
}
