import { type Codec, codec } from './codec.ts';
import type { Decoded, Draft, Fields } from './field.ts';

/** One request type of the protocol, as its table says it. */
export interface Api<Q extends Fields = Fields, S extends Fields = Fields> {
  readonly key: number;
  readonly name: string;
  /** First and last version that is served, both inclusive. */
  readonly versions: readonly [first: number, last: number];
  /** First version with compact lengths and tagged fields; absent when no version has them. */
  readonly flexibleFrom: number;
  readonly request: Q;
  readonly response: S;
}

export type Request<A extends Api> = Decoded<A['request']>;
export type Response<A extends Api> = Draft<A['response']>;

export interface ApiCodec<A extends Api> {
  readonly request: Codec<A['request']>;
  readonly response: Codec<A['response']>;
}

export function api<Q extends Fields, S extends Fields>(
  table: Omit<Api<Q, S>, 'flexibleFrom'> & { readonly flexibleFrom?: number },
): Api<Q, S> {
  return { flexibleFrom: Number.MAX_SAFE_INTEGER, ...table };
}

export function isFlexible(table: Api, version: number): boolean {
  return version >= table.flexibleFrom;
}

const made = new Map<Api, Map<number, ApiCodec<Api>>>();

/** The codec of one version, made at its first use. */
export function apiCodec<A extends Api>(table: A, version: number): ApiCodec<A> {
  let versions = made.get(table);
  if (versions === undefined) made.set(table, (versions = new Map()));
  let found = versions.get(version);
  if (found === undefined) {
    const flexible = isFlexible(table, version);
    found = { request: codec(table.request, version, flexible), response: codec(table.response, version, flexible) };
    versions.set(version, found);
  }
  return found as ApiCodec<A>;
}
