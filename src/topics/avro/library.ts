import { createRequire } from 'node:module';

/** What is used of avsc 5, its extension points included (its own types leave those out). */
export interface AvroType {
  readonly typeName: string;
  readonly name: string | undefined;
  readonly branchName: string | undefined;
  readonly aliases?: readonly string[];
  toBuffer(value: unknown): Buffer;
  fromBuffer(bytes: Buffer): unknown;
  encode(value: unknown, buffer: Buffer, position: number): number;
  decode(buffer: Buffer, position: number, resolver?: AvroResolver): { value: unknown; offset: number };
  isValid(value: unknown, options: { errorHook: (path: string[], value: unknown, type: AvroType) => void }): boolean;
  createResolver(writer: AvroType, options?: unknown): AvroResolver;
  _copy(value: unknown, options?: CopyOptions): unknown;
  equals(other: AvroType): boolean;
  _read(tap: Tap): unknown;
  _write(tap: Tap, value: unknown): void;
  _skip(tap: Tap): void;
}

export interface Tap {
  buf: Buffer;
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
  writeFloat(value: number): void;
  skipLong(): void;
  skipString(): void;
  packLongBytes(bytes: Buffer): void;
  unpackLongBytes(): Buffer;
  writeString(value: string): void;
}

/** `wrap: 2` for the default of a field. */
export interface CopyOptions {
  readonly wrap?: number;
  readonly coerce?: number;
}

export interface AvroResolver {
  _read(tap: Tap): unknown;
}

export interface RecordType extends AvroType {
  readonly fields: ReadonlyArray<{
    readonly name: string;
    readonly aliases: readonly string[];
    readonly type: AvroType;
    defaultValue(): unknown;
  }>;
}
export interface UnionType extends AvroType {
  readonly types: readonly AvroType[];
  readonly _branchIndices: object;
}
/** A union of plain values. */
export interface UnwrappedUnion extends UnionType {
  /** Of the branch that the value belongs to; undefined when there is none. */
  _getIndex(value: unknown): number | undefined;
}
export interface ArrayType extends AvroType {
  readonly itemsType: AvroType;
}
export interface MapType extends AvroType {
  readonly valuesType: AvroType;
  _check(value: unknown, flags: unknown, hook: Hook, path: string[]): boolean;
}
export interface EnumType extends AvroType {
  readonly symbols: readonly string[];
  readonly default?: string;
  readonly _indices: object;
  _update(resolver: object, writer: AvroType, options: unknown): void;
}
export interface FixedType extends AvroType {
  readonly size: number;
}
export interface LogicalType extends AvroType {
  readonly underlyingType: AvroType;
}

/** A logical type with a description for messages and for the check of writers' types. */
export interface Described extends AvroType {
  readonly describe: string;
  readonly shape?: string | undefined;
}

export interface ParseOptions {
  namespace?: string | undefined;
  registry?: Record<string, AvroType>;
  typeHook?: ((schema: unknown, options: ParseOptions) => AvroType | undefined) | undefined;
  logicalTypes?: Record<string, unknown>;
  omitRecordMethods?: boolean;
  /** A logical type that does not fit what it is on is an error, not ignored. */
  assertLogicalTypes?: boolean;
}

/** Called with a value that does not fit; undefined when nobody listens. */
export type Hook = ((value: unknown, type: AvroType) => void) | undefined;

/** A primitive type, with what subclasses call. */
type Primitive = AvroType & { _update(resolver: object, writer: AvroType, options: unknown): void };

/** A record, with what makes its methods. */
export interface RecordMaker extends RecordType {
  _createWriter(): (this: AvroType, tap: Tap, value: unknown) => void;
  _createChecker(): (this: AvroType, value: unknown, flags: unknown, hook: Hook, path: string[]) => boolean;
}

type TypeClass<T> = new (schema: unknown, options: ParseOptions) => T;

interface LongMethods {
  fromBuffer(bytes: Buffer): unknown;
  toBuffer(value: never): Buffer;
  fromJSON(value: never): unknown;
  toJSON(value: never): unknown;
  isValid(value: unknown): boolean;
  compare(a: never, b: never): number;
}

export interface Avsc {
  readonly Type: { forSchema(schema: unknown, options?: ParseOptions): AvroType };
  readonly types: {
    readonly LogicalType: TypeClass<LogicalType>;
    readonly ArrayType: TypeClass<ArrayType>;
    readonly MapType: TypeClass<MapType>;
    readonly WrappedUnionType: TypeClass<UnionType>;
    readonly UnwrappedUnionType: TypeClass<UnwrappedUnion>;
    readonly RecordType: TypeClass<RecordMaker>;
    readonly EnumType: TypeClass<EnumType>;
    readonly NullType: new () => AvroType;
    readonly IntType: new () => AvroType;
    readonly FloatType: new () => Primitive;
    readonly DoubleType: new () => Primitive;
    readonly StringType: new () => AvroType;
    readonly LongType: (new () => AvroType) & { __with(methods: LongMethods): AvroType };
  };
}

let loaded: Avsc | undefined;

/** Loaded with the first Avro serde, so that programs without one do not pay for it. */
export function avsc(): Avsc {
  loaded ??= createRequire(import.meta.url)('avsc') as Avsc;
  return loaded;
}

/** avsc's own cursor over bytes, for readers that keep one: a new one per record, and its answer's object, cost a fifth. */
export function newCursor(): Tap {
  let cursor: Tap | undefined;
  class Probe extends avsc().types.NullType {
    override _read(tap: Tap): null {
      cursor = tap;
      return null;
    }
  }
  new Probe().fromBuffer(Buffer.alloc(0));
  return cursor!;
}
