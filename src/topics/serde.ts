/**
 * A serde turns values into bytes and back. It is a small open contract: write your own by giving the two functions.
 * `null` never reaches a serde: a null value is a tombstone, a null key is a record without key.
 */
export interface SerdeContext {
  readonly topic: string;
  readonly part: 'key' | 'value';
}

/**
 * @typeParam In what may be sent
 * @typeParam Out what is received
 */
export interface Serde<In, Out = In> {
  /** For logs and error messages, as `json`. */
  readonly name: string;
  /** A serde that accepts a missing key (null) sets this; see `optional`. */
  readonly acceptsNull?: boolean;
  /** Throws (or rejects with) a `SerdeError` when the value does not fit. */
  encode(value: In, context: SerdeContext): Buffer | Promise<Buffer>;
  /** Throws (or rejects with) a `SerdeError` when the bytes do not fit. The bytes may be a slice of a larger buffer. */
  decode(bytes: Buffer, context: SerdeContext): Out | Promise<Out>;
  /**
   * For serdes that need something outside, as a schema registry: called when a worker starts, for every topic that its
   * agents read or write, before the first record. What it throws ends the start. `keep`: for tables, which read at once what
   * they have written.
   */
  prepare?(context: SerdeContext, use: 'read' | 'write' | 'keep'): Promise<void> | undefined;
  /**
   * For serdes whose `decode` may have to wait, as for a schema that was not seen before: resolves when it no longer has to for
   * these bytes; undefined when it does not now. Tables read at once, so this is called before bytes enter one.
   */
  ready?(bytes: Buffer, context: SerdeContext): Promise<void> | undefined;
  /**
   * For values that JSON cannot hold, as dates and bigints: the value of a JSON text, as `streamer send` is given it. A part
   * that does not fit is left as it is, for `encode` to refuse. Throws a SyntaxError when the text is not JSON.
   */
  parsePlain?(text: string): unknown;
  /** The reverse, for `streamer consume`: a value that JSON can hold. */
  toPlain?(value: Out): unknown;
  /** Where the serde's schema is kept for this topic; for serdes that keep it in a registry. See `streamer schemas`. */
  registered?(context: SerdeContext): RegisteredSchema;
}

/** A serde's schema and its subject in a schema registry. */
export interface RegisteredSchema {
  readonly subject: string;
  readonly type: 'AVRO' | 'JSON';
  /** The schema as it is registered. */
  readonly schema: string;
  /** Its id, or undefined when the subject does not have it. */
  find(): Promise<number | undefined>;
  /** Compares with what the subject has, at its compatibility level; changes nothing. */
  check(): Promise<SchemaCheck>;
  /** Registers it, and gives its id. @throws StreamerError `REFUSED` when it is not compatible */
  register(): Promise<number>;
  /** The newest schema of the subject. */
  latest(): Promise<(SchemaText & { readonly id: number; readonly version: number }) | undefined>;
  /** How the schema differs from an older one, a line per field. */
  differences(older: SchemaText): string[];
}

/** A schema, with the texts of the schemas that it refers to, each after those that it refers to itself. */
export interface SchemaText {
  readonly schema: string;
  readonly referenced?: readonly string[];
}

export interface SchemaCheck {
  readonly status: 'registered' | 'compatible' | 'new' | 'incompatible';
  /** As Confluent names it: `BACKWARD`, `FULL_TRANSITIVE` ... */
  readonly level: string;
  /** Names each field that does not fit, and how; empty unless incompatible. */
  readonly problems: readonly string[];
}

/** The type that a serde accepts. */
export type InputOf<S> = S extends Serde<infer In, infer _Out> ? In : never;
/** The type that a serde returns. */
export type OutputOf<S> = S extends Serde<infer _In, infer Out> ? Out : never;
