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
}

/** What a serde accepts, from its type. */
export type InputOf<S> = S extends Serde<infer In, infer _Out> ? In : never;
/** What a serde gives, from its type. */
export type OutputOf<S> = S extends Serde<infer _In, infer Out> ? Out : never;
