import { type Codec, codec } from './codec.ts';
import type { Decoded, Draft, Fields } from './field.ts';

/** One request type of the protocol, and the versions of it that we speak. */
export interface Api<Q extends Fields = Fields, S extends Fields = Fields> {
  readonly key: number;
  readonly name: string;
  /** First and last version, both inclusive. */
  readonly versions: readonly [first: number, last: number];
  /** First version with compact lengths and tagged fields; absent when no version has them. */
  readonly flexibleFrom: number;
  readonly request: Q;
  readonly response: S;
}

/** What a broker reads of a request, and what it may answer. */
export type Request<A extends Api> = Decoded<A['request']>;
export type Response<A extends Api> = Draft<A['response']>;

export interface ApiCodec<Q extends Fields = Fields, S extends Fields = Fields> {
  readonly request: Codec<Q>;
  readonly response: Codec<S>;
}

export function api<Q extends Fields, S extends Fields>(
  table: Omit<Api<Q, S>, 'flexibleFrom'> & { readonly flexibleFrom?: number },
): Api<Q, S> {
  return { flexibleFrom: Number.MAX_SAFE_INTEGER, ...table };
}

export function isFlexible(table: Api, version: number): boolean {
  return version >= table.flexibleFrom;
}

const made = new Map<Api, Map<number, ApiCodec>>();

/** The codec of one version, made at its first use. */
export function apiCodec<Q extends Fields, S extends Fields>(table: Api<Q, S>, version: number): ApiCodec<Q, S> {
  const versions = versionsOf(table);
  let found = versions.get(version);
  if (found === undefined) {
    const flexible = isFlexible(table, version);
    found = { request: codec(table.request, version, flexible), response: codec(table.response, version, flexible) };
    versions.set(version, found);
  }
  // The map has one entry for each table, made of that table's fields.
  return found as ApiCodec<Q, S>;
}

function versionsOf(table: Api): Map<number, ApiCodec> {
  let versions = made.get(table);
  if (versions === undefined) made.set(table, (versions = new Map()));
  return versions;
}
