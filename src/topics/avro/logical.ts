import { isUuid } from '../uuid.ts';
import { decimalBytes, decimalText, decimalValue, unscaled } from './decimal.ts';
import { descriptionOf, isFixed } from './kinds.ts';
import { type AvroResolver, type AvroType, avsc, type Described, type ParseOptions } from './library.ts';

/** How a logical type turns what it is made of into a value, and back: undefined where the value does not fit. */
interface Conversion {
  readonly fromValue: (plain: never) => unknown;
  readonly toValue: (value: unknown) => unknown;
  /** Two types of the same name that cannot be read as each other differ here, as decimals of another scale do. */
  readonly unit?: string;
  /** What a change of is a change of the schema. */
  readonly shape?: string;
}

interface LogicalSchema {
  readonly type: unknown;
  readonly logicalType: string;
  readonly precision?: number;
  readonly scale?: number;
}

type Made = (schema: LogicalSchema, underlying: AvroType) => Conversion;

const DAY_MS = 86_400_000;

const date: Made = (schema, underlying) => {
  expectType(schema, underlying, 'int');
  return {
    fromValue: (days: number) => dateOf(days * DAY_MS),
    // A time of day would be lost, and in most time zones it means that the day is wrong.
    toValue: (value) => (value instanceof Date && value.getTime() % DAY_MS === 0 ? value.getTime() / DAY_MS : undefined),
  };
};

function dateOf(time: number): Date {
  const value = new Date(time);
  return Number.isNaN(value.getTime()) ? fail(`${time} ms is beyond what a Date holds`) : value;
}

const timestampMillis: Made = (schema, underlying) => {
  expectType(schema, underlying, 'long');
  const isBig = underlying.typeName === 'abstract:long';
  return {
    fromValue: (time: number | bigint) => dateOf(Number(time)),
    toValue(value) {
      const time = value instanceof Date ? value.getTime() : Number.NaN;
      return Number.isNaN(time) ? undefined : isBig ? BigInt(time) : time;
    },
  };
};

const decimal: Made = (schema, underlying) => {
  const { precision, scale = 0 } = schema;
  expectType(schema, underlying, 'bytes', 'fixed');
  if (!Number.isInteger(precision) || precision! < 1 || !Number.isInteger(scale) || scale < 0 || scale > precision!) {
    throw new Error(
      `decimal: expected precision of at least 1 and scale from 0 to precision, got ${String(precision)} and ${String(scale)}`,
    );
  }
  const size = isFixed(underlying) ? underlying.size : undefined;
  return {
    unit: `of scale ${scale}`,
    shape: `decimal of precision ${precision} and scale ${scale}`,
    fromValue: (bytes: Buffer) => decimalText(decimalValue(bytes), scale),
    toValue(value) {
      const digits = unscaled(value, precision!, scale);
      return digits === undefined ? undefined : decimalBytes(digits, size);
    },
  };
};

const uuid: Made = (schema, underlying) => {
  expectType(schema, underlying, 'string', 'fixed');
  if (underlying.typeName === 'string') {
    const checked = (value: unknown) => (isUuid(value) ? value : undefined);
    return { fromValue: (text: string) => checked(text) ?? fail(`expected a UUID, got ${JSON.stringify(text)}`), toValue: checked };
  }
  if (!isFixed(underlying) || underlying.size !== 16) throw new Error('uuid: expected a fixed of 16 bytes');
  return {
    fromValue: (bytes: Buffer) => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    toValue: (value) => (isUuid(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined),
  };
};

function expectType({ logicalType }: LogicalSchema, { typeName }: AvroType, ...names: string[]): void {
  if (!names.includes(typeName.replace('abstract:', '')))
    throw new Error(`${logicalType} goes with ${names.join(' or ')}, not ${typeName}`);
}

function fail(message: string): never {
  throw new Error(message);
}

let made: Record<string, unknown> | undefined;

/** Classes for avsc, by name; made when avsc is loaded. */
export function logicalTypes(): Record<string, unknown> {
  made ??= { date: classOf(date), 'timestamp-millis': classOf(timestampMillis), decimal: classOf(decimal), uuid: classOf(uuid) };
  return made;
}

function classOf(make: Made): unknown {
  return class extends avsc().types.LogicalType implements Described {
    readonly describe: string;
    readonly shape: string | undefined;
    readonly _fromValue: (plain: never) => unknown;
    readonly _toValue: (value: unknown) => unknown;

    constructor(schema: LogicalSchema, options: ParseOptions) {
      super(schema, options);
      const { fromValue, toValue, unit, shape } = make(schema, this.underlyingType);
      this.describe = unit === undefined ? schema.logicalType : `${schema.logicalType} ${unit}`;
      this.shape = shape;
      this._fromValue = fromValue;
      this._toValue = toValue;
    }

    /** As any type is read as what this is made of, but never one of another unit: the numbers would mean something else. */
    _update(resolver: { _read: AvroResolver['_read'] }, writer: AvroType, options: unknown): void {
      checkUnits(this.describe, writer);
      const plain = this.underlyingType.createResolver(writer, options);
      resolver._read = (tap) => this._fromValue(plain._read(tap) as never);
    }

    _export(): void {}
  };
}

/** Logical types of whole numbers that are left as they are. */
export const TIMES: ReadonlySet<unknown> = new Set([
  'time-millis',
  'time-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
]);

/** @throws Error when the writer has a logical type of another unit */
export function checkUnits(reader: string, writer: AvroType): void {
  const describe = descriptionOf(writer);
  if (!isSameUnit(reader, describe)) throw new Error(`cannot read ${describe} as ${reader}`);
}

/** Numbers that mean the same, where both say what they mean. */
export function isSameUnit(reader: string | undefined, writer: string | undefined): boolean {
  return reader === undefined || writer === undefined || reader.replace('local-', '') === writer.replace('local-', '');
}
