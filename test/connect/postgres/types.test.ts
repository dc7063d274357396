import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../../src/connect/connect-data/json-schema.ts';
import { jsonWriter } from '../../../src/connect/connect-data/json-writer.ts';
import { defaultOf } from '../../../src/connect/postgres/types/defaults.ts';
import type { PgType, TypeOptions } from '../../../src/connect/postgres/types/field-type.ts';
import { TypeResolver } from '../../../src/connect/postgres/types/resolve.ts';

// types.jsonl: for each type two values as PostgreSQL 15 writes them, and what Debezium 3.7.0.Final made of them while streaming, as
// a column that may be null: schema and values, then what stands for null in a required column of a delete, and the default in the
// schema; in the modes of `MODES`; null where it left the column out, or where Java wrote what
// only one run of one JVM writes. pg-types.jsonl: the rows of pg_type that these need.
type Written = readonly [schema: string, first: string | null, second: string | null, zero: string | null, byDefault: string | null];

interface Case {
  readonly type: string;
  readonly oid: number;
  readonly modifier: number;
  readonly texts: readonly [string, string];
  /** What a column of the type was given as its default in a table of its own. */
  readonly default: string | null;
  readonly debezium: ReadonlyArray<{ readonly modes: string; readonly is: Written | null }>;
}

const DEFAULTS: TypeOptions = {
  decimals: 'precise',
  times: 'adaptive',
  binary: 'bytes',
  intervals: 'numeric',
  hstore: 'json',
  unknown: false,
};
const MODES: Readonly<Record<string, TypeOptions>> = {
  a: DEFAULTS,
  b: { decimals: 'string', times: 'isostring', binary: 'hex', intervals: 'string', hstore: 'json', unknown: false },
  c: { ...DEFAULTS, decimals: 'double', times: 'connect', binary: 'base64-url-safe' },
  d: { ...DEFAULTS, times: 'adaptive_time_microseconds', binary: 'base64', hstore: 'map', unknown: true },
};

const types = new Map(lines<PgType & { labels?: readonly string[] }>('pg-types.jsonl').map((type) => [type.oid, type]));

function lines<T>(name: string): T[] {
  const text = readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

describe.each(Object.entries(MODES))('types as Debezium writes them, modes %s', (mode, options) => {
  const resolver = new TypeResolver(types, options);
  it.each(lines<Case>('types.jsonl').map((each) => [`${each.type} ${each.modifier}`, each] as const))('%s', (_, given) => {
    const { is } = given.debezium.find(({ modes }) => modes.includes(mode))!;
    const type = resolver.resolve(given.oid, given.modifier);
    if (is === null) return expect(type).toBeUndefined();
    const [schema, first, second, zero, byDefault] = is;
    const optional = { ...type!.schema, optional: true };
    const write = jsonWriter(optional);
    const [a, b] = given.texts.map((text) => write(type!.convert(text)));
    expect(jsonSchema(optional)).toBe(schema);
    expect([a, b]).toEqual([first ?? a, second ?? b]);
    if (zero !== null) expect(write(type!.zero)).toBe(zero);
    const found = defaultOf(given.default, types.get(given.oid)!, type!);
    expect(found === undefined ? null : write(found)).toBe(given.default === null ? null : byDefault);
  });
});

// What Debezium 3.7.0.Final made of further values, under its defaults.
it.each([
  ['_mood', 17475, '{sad,NULL}', null],
  ['_mood', 17475, '{sad}', ['sad']],
  ['_ltree', 16622, '{a.b,NULL}', null],
  ['_tsvector', 3643, `{"'a'",NULL}`, null],
  ['_circle', 719, '{NULL,NULL}', [null, null]],
  ['_circle', 719, '{"<(1,2),3>",NULL}', null],
  ['_box', 1020, '{NULL;NULL}', [null, null]],
  ['hstore', 16491, `"b"=>"😀", "q\\"uote"=>NULL, "a"=>"", "é😀"=>"1"`, '{"a":"","b":"😀","é😀":"1","q\\"uote":null}'],
  ['interval', 1186, '178000000 years', 9_223_372_036_854_775_807n],
  ['interval', 1186, '-178000000 years', -9_223_372_036_854_775_808n],
])('%s (%i) %s', (_, oid, text, is) => {
  expect(new TypeResolver(types, DEFAULTS).resolve(oid, -1)!.convert(text)).toEqual(is);
});
