/**
 * The TypeScript type of an Avro schema that is written as a literal. docs/topics.md has the table; `types.ts` makes the
 * values so.
 */

/** Whether the type is for writing (fields with a default are optional) or reading, and what a `long` is. */
export interface Mode {
  readonly side: 'in' | 'out';
  readonly long: number | bigint;
}

/** What may be written with a schema. @typeParam Refs a union of the schemas that it refers to */
export type AvroInput<S, Long extends number | bigint = number, Refs = never> = ValueOf<S, Refs, { side: 'in'; long: Long }>;
/** What is read with a schema. @typeParam Refs a union of the schemas that it refers to */
export type AvroOutput<S, Long extends number | bigint = number, Refs = never> = ValueOf<S, Refs, { side: 'out'; long: Long }>;

type ValueOf<S, Refs, M extends Mode> = IsLiteral<S> extends true ? Value<S, '', Names<S, ''> | NamesOfEach<Refs, ''>, M> : unknown;

type IsLiteral<S> = 0 extends 1 & S
  ? false
  : S extends string
    ? string extends S
      ? false
      : true
    : S extends { readonly type: infer T }
      ? string extends T
        ? false
        : true
      : S extends readonly unknown[]
        ? number extends S['length']
          ? false
          : true
        : false;

interface Primitives<M extends Mode> {
  null: null;
  boolean: boolean;
  int: number;
  long: M['long'];
  float: number;
  double: number;
  bytes: Buffer;
  string: string;
}

/** Logical types that have a type of their own, by `<logicalType> <type>`; others are read as what they are made of. */
interface Logical {
  'date int': Date;
  'timestamp-millis long': Date;
  'timestamp-micros long': bigint;
  'decimal bytes': string;
  'decimal fixed': string;
  'uuid string': string;
  'uuid fixed': string;
}

/** Named types: a union of `[full name, schema, namespace of what is in it]`. */
type Names<S, Ns extends string> = S extends readonly (infer Branch)[]
  ? NamesOfEach<Branch, Ns>
  : S extends { readonly type: 'record'; readonly fields: readonly (infer F)[] }
    ? [FullName<S, Ns>, S, Inner<S, Ns>] | NamesOfFields<F, Inner<S, Ns>>
    : S extends { readonly type: 'enum' | 'fixed' }
      ? [FullName<S, Ns>, S, Inner<S, Ns>]
      : S extends { readonly items: infer Items }
        ? Names<Items, Ns>
        : S extends { readonly values: infer Values }
          ? Names<Values, Ns>
          : never;
type NamesOfEach<Branch, Ns extends string> = Branch extends unknown ? Names<Branch, Ns> : never;
type NamesOfFields<F, Ns extends string> = F extends { readonly type: infer T } ? Names<T, Ns> : never;

type FullName<S, Ns extends string> = S extends { readonly name: infer N extends string }
  ? N extends `${string}.${string}`
    ? N
    : Qualified<N, S extends { readonly namespace: infer Own extends string } ? Own : Ns>
  : never;
type Qualified<N extends string, Ns extends string> = Ns extends '' ? N : `${Ns}.${N}`;
type Inner<S, Ns extends string> = S extends { readonly namespace: infer Own extends string }
  ? Own
  : S extends { readonly name: infer N extends string }
    ? NamespaceOf<N, Ns>
    : Ns;
type NamespaceOf<N extends string, Ns extends string> = N extends `${infer Head}.${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? `${Head}.${NamespaceOf<Rest, ''>}`
    : Head
  : Ns;

/** What a name refers to: first in its own namespace. */
type Lookup<N extends string, Ns extends string, E> = [Find<Resolve<N, Ns>, E>] extends [never] ? Find<N, E> : Find<Resolve<N, Ns>, E>;
type Resolve<N extends string, Ns extends string> = N extends `${string}.${string}` ? N : Qualified<N, Ns>;
type Find<N extends string, E> = E extends [N, infer S, infer Ns extends string] ? [N, S, Ns] : never;

type Value<S, Ns extends string, E, M extends Mode> = S extends string
  ? S extends keyof Primitives<M>
    ? Primitives<M>[S]
    : Lookup<S, Ns, E> extends [string, infer Named, infer Of extends string]
      ? Value<Named, Namespace<Named, Of, Ns>, E, M>
      : unknown
  : S extends readonly unknown[]
    ? Union<S, Ns, E, M>
    : S extends { readonly logicalType: infer L extends string; readonly type: infer T extends string }
      ? `${L} ${T}` extends keyof Logical
        ? Logical[`${L} ${T}`]
        : Plain<S, Ns, E, M>
      : Plain<S, Ns, E, M>;

// The entry of a record carries the namespace that its own fields live in.
type Namespace<Named, Of extends string, Ns extends string> = Named extends { readonly fields: unknown } ? Of : Ns;

type Plain<S, Ns extends string, E, M extends Mode> = S extends {
  readonly type: 'record';
  readonly fields: infer F extends readonly AnyField[];
}
  ? M['side'] extends 'in'
    ? RecordInput<F, Inner<S, Ns>, E, M>
    : { -readonly [Each in F[number] as Each['name']]: Value<Each['type'], Inner<S, Ns>, E, M> }
  : S extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbol extends string)[] }
    ? Symbol
    : S extends { readonly type: 'fixed' }
      ? Buffer
      : S extends { readonly type: 'array'; readonly items: infer Items }
        ? M['side'] extends 'in'
          ? ReadonlyArray<Value<Items, Ns, E, M>>
          : Array<Value<Items, Ns, E, M>>
        : S extends { readonly type: 'map'; readonly values: infer Values }
          ? { [key: string]: Value<Values, Ns, E, M> }
          : S extends { readonly type: infer T extends keyof Primitives<M> }
            ? Primitives<M>[T]
            : unknown;

interface AnyField {
  readonly name: string;
  readonly type: unknown;
}

type RecordInput<F extends readonly AnyField[], Ns extends string, E, M extends Mode> = {
  readonly [Each in Exclude<F[number], { readonly default: unknown }> as Each['name']]: Value<Each['type'], Ns, E, M>;
} & {
  readonly [Each in Extract<F[number], { readonly default: unknown }> as Each['name']]?: Value<Each['type'], Ns, E, M> | undefined;
};

/** Plain where JavaScript can tell the branches apart; else each value is wrapped, as `{ 'ns.Name': value }`. */
type Union<B extends readonly unknown[], Ns extends string, E, M extends Mode> =
  IsAmbiguous<Kinds<B, Ns, E, M>> extends true ? Wrapped<B[number], Ns, E, M> : Each<B[number], Ns, E, M>;
type Each<B, Ns extends string, E, M extends Mode> = B extends unknown ? Value<B, Ns, E, M> : never;
type Wrapped<B, Ns extends string, E, M extends Mode> = B extends 'null' ? null : { [Name in BranchName<B, Ns, E>]: Value<B, Ns, E, M> };

type BranchName<B, Ns extends string, E> = B extends keyof Primitives<Mode>
  ? B
  : B extends string
    ? Lookup<B, Ns, E> extends [infer Full extends string, unknown, string]
      ? Full
      : never
    : B extends { readonly name: string }
      ? FullName<B, Ns>
      : B extends { readonly type: infer T extends string }
        ? T
        : never;

type Kinds<B extends readonly unknown[], Ns extends string, E, M extends Mode> = {
  [I in keyof B]: KindOf<B[I], Ns, E, M>;
};
type IsAmbiguous<K extends readonly unknown[]> = K extends readonly [infer First, ...infer Rest]
  ? First extends Rest[number]
    ? true
    : IsAmbiguous<Rest>
  : false;

interface PrimitiveKinds<M extends Mode> {
  null: 'null';
  boolean: 'boolean';
  int: 'number';
  long: M['long'] extends bigint ? 'bigint' : 'number';
  float: 'number';
  double: 'number';
  bytes: 'buffer';
  string: 'string';
}
interface LogicalKinds {
  'date int': 'object';
  'timestamp-millis long': 'object';
  'timestamp-micros long': 'bigint';
  'decimal bytes': 'string';
  'decimal fixed': 'string';
  'uuid string': 'string';
  'uuid fixed': 'string';
}

/** How JavaScript tells a branch from others; `kindOf` in unions.ts does the same at run time. */
type KindOf<B, Ns extends string, E, M extends Mode> = B extends string
  ? B extends keyof PrimitiveKinds<M>
    ? PrimitiveKinds<M>[B]
    : Lookup<B, Ns, E> extends [string, infer Named, string]
      ? KindOf<Named, Ns, E, M>
      : B
  : B extends { readonly logicalType: infer L extends string; readonly type: infer T extends string }
    ? `${L} ${T}` extends keyof LogicalKinds
      ? LogicalKinds[`${L} ${T}`]
      : PlainKind<B, M>
    : PlainKind<B, M>;
type PlainKind<B, M extends Mode> = B extends { readonly type: infer T extends string }
  ? T extends 'record' | 'map'
    ? 'object'
    : T extends 'enum'
      ? 'string'
      : T extends 'fixed'
        ? 'buffer'
        : T extends keyof PrimitiveKinds<M>
          ? PrimitiveKinds<M>[T]
          : T
  : never;
