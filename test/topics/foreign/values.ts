/** The cases that other programs' serialisers are compared on (cases.json), and what this one makes of them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { avro, json, type RegistryOptions, type Serde } from '../../../src/topics/index.ts';

export interface Case {
  readonly name: string;
  readonly kind?: 'json';
  readonly long?: 'bigint';
  readonly schema: string | object;
  /** JSON; what has no JSON form is tagged, as `{ "$date": "2026-11-22" }`. */
  readonly values: readonly unknown[];
}

/** A case with the bytes that somebody wrote for its values: in Confluent's format (null: a tombstone), and bare. */
export interface Written extends Case {
  readonly topic: string;
  readonly bytes: ReadonlyArray<string | null>;
  readonly bare?: readonly string[];
}

export function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8')) as T;
}

type AnySerde = Serde<unknown, unknown>;

export function bareSerde({ schema, long = 'number' as never }: Case): AnySerde {
  return avro(schema as never, { long }) as AnySerde;
}

export function registrySerde({ kind, schema, long = 'number' as never }: Case, registry: RegistryOptions): AnySerde {
  if (kind !== 'json') return avro.confluent({ schema: schema as never, long, registry }) as AnySerde;
  const order = z.object({ id: z.string(), amount: z.number() });
  return json.confluent({ schema: order, jsonSchema: schema as Record<string, unknown>, registry }) as AnySerde;
}

/** The value that a tagged one stands for. */
export function native(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(native);
  if (typeof value !== 'object' || value === null) return value;
  const [[tag, content] = ['', '']] = Object.entries(value) as Array<[string, string]>;
  switch (tag) {
    case '$branch':
      return { [content]: native((value as { value: unknown }).value) };
    case '$bytes':
      return Buffer.from(content, 'hex');
    case '$date':
    case '$millis':
      return new Date(content);
    case '$micros':
    case '$long':
      return BigInt(content);
    case '$decimal':
    case '$uuid':
      return content;
    default:
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, native(part)]));
  }
}
