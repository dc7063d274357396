/**
 * The vocabulary in which the protocol's messages are written down as data (see `apis/`). A field names its type, the
 * versions that carry it and its default. The codec, the TypeScript types and the documentation are read from that.
 */

export type ScalarType = 'int8' | 'int16' | 'int32' | 'int64' | 'bool' | 'string' | 'uuid' | 'bytes' | 'records';

/** What a field is made of: a scalar, a list of one kind of item, or a struct of fields in wire order. */
export type FieldShape =
  | { readonly type: ScalarType }
  | { readonly type: 'array'; readonly item: AnyField }
  | { readonly type: 'struct'; readonly fields: Fields };

export interface FieldOptions<T> {
  /** First version that carries the field. @default 0 */
  readonly since?: number;
  /** Last version that carries the field. @default every later one */
  readonly until?: number;
  /** First version in which the value may be null. */
  readonly nullable?: number;
  /** Number of a tagged field; absent for ordinary fields. */
  readonly tag?: number;
  /** Value when the field is absent. @default zero, empty, false, or null where nullable */
  readonly default?: T | null;
}

interface FieldHead {
  readonly since: number;
  readonly until: number;
  readonly nullableSince: number;
  readonly tag: number | undefined;
  readonly fallback: unknown;
}

declare const VALUE: unique symbol;
declare const DRAFT: unique symbol;

interface Typed<T, O extends boolean, D> {
  readonly [VALUE]?: T;
  readonly [DRAFT]?: { readonly optional: O; readonly value: D };
}

/** `T` is the value in TypeScript, `D` what an encoder accepts for it, `O` whether an encoder may leave it out. */
export type Field<T, O extends boolean = boolean, D = unknown> = FieldHead & FieldShape & Typed<T, O, D>;

export type AnyField = Field<unknown>;
export interface Fields {
  readonly [name: string]: AnyField;
}

/** What a decoder returns. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Typed<infer T, boolean, unknown> ? T : never };

type OptionalNames<F extends Fields> = { [K in keyof F]: F[K] extends Typed<unknown, true, unknown> ? K : never }[keyof F];
type DraftOf<F> = F extends Typed<unknown, boolean, infer D> ? D : never;

/** What an encoder accepts: fields that some versions lack, and those with a default, may be left out. */
export type Draft<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: DraftOf<F[K]> } & {
  readonly [K in OptionalNames<F>]?: DraftOf<F[K]> | undefined;
};

type Nullable<T, O> = O extends { readonly nullable: number } ? T | null : T;
type Omissible<O> = O extends
  | { readonly since: number }
  | { readonly until: number }
  | { readonly default: unknown }
  | { readonly tag: number }
  ? true
  : false;
type Options<T> = FieldOptions<NoInfer<T>>;
type Typeless = FieldHead & FieldShape;

function field(shape: FieldShape, zero: unknown, options: FieldOptions<unknown>): Typeless {
  const { since = 0, until = Number.MAX_SAFE_INTEGER, nullable = Number.MAX_SAFE_INTEGER, tag } = options;
  const fallback = options.default !== undefined ? options.default : nullable <= since ? null : zero;
  return { ...shape, since, until, nullableSince: nullable, tag, fallback };
}

function scalar<T>(type: ScalarType, zero: T) {
  return <const O extends Options<T> = object>(options?: O): Field<Nullable<T, O>, Omissible<O>, Nullable<T, O>> =>
    field({ type }, zero, options ?? {});
}

export const int8 = scalar<number>('int8', 0);
export const int16 = scalar<number>('int16', 0);
export const int32 = scalar<number>('int32', 0);
export const int64 = scalar<number>('int64', 0);
export const bool = scalar<boolean>('bool', false);
export const string = scalar<string>('string', '');
/** 22 characters of base64url, as Kafka prints topic ids. */
export const uuid = scalar<string>('uuid', 'A'.repeat(22));
export const bytes = scalar<Buffer>('bytes', Buffer.alloc(0));
/** Record batches, back to back: decoded they are one buffer, an encoder accepts several. */
export const records = scalar<readonly Buffer[]>('records', []);

/** One struct with these fields. */
export function struct<F extends Fields, const O extends Options<never> = object>(
  fields: F,
  options?: O,
): Field<Nullable<Decoded<F>, O>, Omissible<O>, Nullable<Draft<F>, O>> {
  return field({ type: 'struct', fields }, defaultsOf(fields), options ?? {});
}

/** An array of structs with these fields. */
export function array<F extends Fields, const O extends Options<readonly never[]> = object>(
  fields: F,
  options?: O,
): Field<Nullable<readonly Decoded<F>[], O>, Omissible<O>, Nullable<readonly Draft<F>[], O>> {
  return field({ type: 'array', item: struct(fields) }, [], options ?? {});
}

/** An array of scalars. */
export function list<T, const O extends Options<readonly T[]> = object>(
  item: Field<T>,
  options?: O,
): Field<Nullable<readonly T[], O>, Omissible<O>, Nullable<readonly T[], O>> {
  return field({ type: 'array', item }, [], options ?? {});
}

function defaultsOf(fields: Fields): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, { fallback }]) => [name, fallback]));
}

/** The fields of the structs in an array; none for an array of scalars, and for any other field. */
export function itemFields(field: AnyField | undefined): Fields {
  return field?.type === 'array' && field.item.type === 'struct' ? field.item.fields : {};
}
