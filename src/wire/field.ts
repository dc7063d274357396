/**
 * The vocabulary in which the protocol's messages are written down as data (see `apis/`). A field says its type, the
 * versions that carry it and its default; the codec, the TypeScript types and the documentation are all read from that.
 */

export type FieldType = 'int8' | 'int16' | 'int32' | 'int64' | 'bool' | 'string' | 'bytes' | 'records' | 'array' | 'struct';

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

declare const VALUE: unique symbol;
declare const DRAFT: unique symbol;

/** `T` is the value in TypeScript, `D` what an encoder takes for it, `O` whether an encoder may leave it out. */
export interface Field<T, O extends boolean = boolean, D = unknown> {
  readonly type: FieldType;
  readonly since: number;
  readonly until: number;
  readonly nullableSince: number;
  readonly tag: number | undefined;
  readonly fallback: unknown;
  /** Of an array: its items. */
  readonly item?: AnyField;
  /** Of a struct: its fields, in wire order. */
  readonly fields?: Fields;
  readonly [VALUE]?: T;
  readonly [DRAFT]?: { readonly optional: O; readonly value: D };
}

export type AnyField = Field<unknown>;
export type Fields = { readonly [name: string]: AnyField };

/** What a decoder gives. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

type OptionalNames<F extends Fields> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];
type DraftOf<F> = F extends Field<unknown, boolean, infer D> ? D : never;

/** What an encoder takes: fields that some versions lack, and those with a default, may be left out. */
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

function field(
  type: FieldType,
  zero: unknown,
  options: FieldOptions<unknown>,
  more: { item?: AnyField; fields?: Fields } = {},
): Field<never, never, never> {
  const { since = 0, until = Number.MAX_SAFE_INTEGER, nullable = Number.MAX_SAFE_INTEGER, tag } = options;
  const fallback = options.default !== undefined ? options.default : nullable <= since ? null : zero;
  return { type, since, until, nullableSince: nullable, tag, fallback, ...more };
}

function scalar<T>(type: FieldType, zero: T) {
  return <const O extends Options<T> = object>(options?: O): Field<Nullable<T, O>, Omissible<O>, Nullable<T, O>> =>
    field(type, zero, options ?? {});
}

export const int8 = scalar<number>('int8', 0);
export const int16 = scalar<number>('int16', 0);
export const int32 = scalar<number>('int32', 0);
export const int64 = scalar<number>('int64', 0);
export const bool = scalar<boolean>('bool', false);
export const string = scalar<string>('string', '');
export const bytes = scalar<Buffer>('bytes', Buffer.alloc(0));
/** Record batches, back to back: a request's are one buffer, an answer's may be several. */
export const records = scalar<readonly Buffer[]>('records', []);

/** An array of structs with these fields. */
export function array<F extends Fields, const O extends Options<readonly never[]> = object>(
  fields: F,
  options?: O,
): Field<Nullable<readonly Decoded<F>[], O>, Omissible<O>, Nullable<readonly Draft<F>[], O>> {
  return field('array', [], options ?? {}, { item: field('struct', {}, {}, { fields }) });
}

/** An array of scalars. */
export function list<T, const O extends Options<readonly T[]> = object>(
  item: Field<T>,
  options?: O,
): Field<Nullable<readonly T[], O>, Omissible<O>, Nullable<readonly T[], O>> {
  return field('array', [], options ?? {}, { item });
}
