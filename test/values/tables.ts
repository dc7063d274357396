import { avro, ExactNumber, exactJson, float32, float64, int32, int64, json, type Serde, string } from '../../src/topics/index.ts';

/** A row of a table in docs/values.md: a value, and by place what happens to it. */
export interface Row<Place extends string> {
  /** As the docs show it. */
  readonly name: string;
  readonly value: unknown;
  /** In the order of the places: `exact`, `refused`, or the text that is written, and what it means. */
  readonly cells: Readonly<Record<Place, string>>;
}

export interface Table<Place extends string> {
  readonly name: string;
  readonly places: readonly Place[];
  readonly rows: ReadonlyArray<Row<Place>>;
}

/** A table as the docs have it. */
export function rendered<Place extends string>({ places, rows }: Table<Place>): string {
  const lines = rows.map(({ name, cells }) => [name, ...places.map((place) => cells[place])]);
  return [['value', ...places], ['---', ...places.map(() => '---')], ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function row<Place extends string>(places: readonly Place[], name: string, value: unknown, ...cells: readonly string[]): Row<Place> {
  if (cells.length !== places.length) throw new RangeError(`${name}: ${cells.length} cells for ${places.length} places`);
  const byPlace: Partial<Record<Place, string>> = {};
  for (const [at, place] of places.entries()) byPlace[place] = String(cells[at]);
  return { name, value, cells: byPlace as Record<Place, string> };
}

const circle: Record<string, unknown> = {};
circle.self = circle;

/** Values that JSON and text have no form for, or another one. */
const written = ['json()', 'exactJson()', 'csvFileSink', 'postgresUpsert, json'] as const;
export const WRITTEN: Table<(typeof written)[number]> = {
  name: 'written',
  places: written,
  rows: [
    row(written, '`NaN`, `Infinity`', Number.NaN, 'refused', 'refused', '`NaN`', 'refused'),
    row(written, '`-0`', -0, 'exact', 'exact', '`-0`', 'exact'),
    row(written, '`9007199254740993n`', 9_007_199_254_740_993n, 'refused', 'exact', '`9007199254740993`', 'exact'),
    row(
      written,
      '`new ExactNumber("1234567890.1234567890")`',
      new ExactNumber('1234567890.1234567890'),
      '`1234567890.1234567890`',
      'exact',
      '`1234567890.1234567890`',
      'exact',
    ),
    row(
      written,
      'a `Date`',
      new Date(0),
      '`"1970-01-01T00:00:00.000Z"`',
      '`"1970-01-01T00:00:00.000Z"`',
      '`1970-01-01T00:00:00.000Z`',
      '`"1970-01-01T00:00:00.000Z"`',
    ),
    row(written, 'an invalid `Date`', new Date(Number.NaN), 'refused', 'refused', 'refused', 'refused'),
    row(written, 'a `Map`, a `Set`', new Map([[1, 2]]), 'refused', 'refused', 'refused', 'refused'),
    row(written, 'a `Uint8Array`, other typed arrays', new Uint8Array([1]), 'refused', 'refused', 'refused', 'refused'),
    row(
      written,
      'a `Buffer`',
      Buffer.from('a'),
      '`{"type":"Buffer","data":[97]}`',
      '`{"type":"Buffer","data":[97]}`',
      '`{"type":"Buffer","data":[97]}`',
      '`{"type":"Buffer","data":[97]}`',
    ),
    row(written, 'a `RegExp`, an `Error`, a promise', /a/, 'refused', 'refused', 'refused', 'refused'),
    row(
      written,
      'an instance without own fields, as `URLSearchParams`',
      new URLSearchParams('a=1'),
      'refused',
      'refused',
      'refused',
      'refused',
    ),
    row(written, 'a function, a symbol', () => 1, 'refused', 'refused', 'refused', 'refused'),
    row(written, '`undefined` as a field', undefined, 'left out', 'left out', 'empty', 'left out'),
    row(written, '`undefined`, or a hole, in a list', [undefined], 'refused', 'refused', 'refused', 'refused'),
    row(written, 'text with half of a surrogate pair', 'a\ud800', 'exact', 'exact', 'refused', 'exact'),
    row(written, 'text with a zero character', 'a\u0000', 'exact', 'exact', '`a\\u0000`', 'exact'),
    row(written, 'a field named `__proto__`', JSON.parse('{"__proto__":1}'), 'exact', 'exact', '`{"__proto__":1}`', 'exact'),
    row(written, 'a value that contains itself', circle, 'refused', 'refused', 'refused', 'refused'),
  ],
};

/** Numbers as bytes of a fixed form. */
const numbers = [
  'int32()',
  'int64()',
  'float32()',
  'float64(), number()',
  'avro int',
  'avro long',
  'avro long, bigint',
  'avro float',
  'avro double',
] as const;
export const NUMBERS: Table<(typeof numbers)[number]> = {
  name: 'numbers',
  places: numbers,
  rows: [
    row(numbers, '`NaN`', Number.NaN, 'refused', 'refused', 'exact', 'exact', 'refused', 'refused', 'refused', 'exact', 'exact'),
    row(
      numbers,
      '`Infinity`',
      Number.POSITIVE_INFINITY,
      'refused',
      'refused',
      'exact',
      'exact',
      'refused',
      'refused',
      'refused',
      'exact',
      'exact',
    ),
    row(numbers, '`-0`', -0, '`0`', 'refused', 'exact', 'exact', '`0`', '`0`', 'refused', 'exact', 'exact'),
    row(numbers, '`1.5`', 1.5, 'refused', 'refused', 'exact', 'exact', 'refused', 'refused', 'refused', 'exact', 'exact'),
    row(numbers, '`0.1`', 0.1, 'refused', 'refused', 'to 24 bits', 'exact', 'refused', 'refused', 'refused', 'to 24 bits', 'exact'),
    row(numbers, '`2147483648`', 2_147_483_648, 'refused', 'refused', 'exact', 'exact', 'refused', 'exact', 'refused', 'exact', 'exact'),
    row(numbers, '`1e39`', 1e39, 'refused', 'refused', 'refused', 'exact', 'refused', 'refused', 'refused', 'refused', 'exact'),
    row(numbers, '`1e-46`', 1e-46, 'refused', 'refused', 'refused', 'exact', 'refused', 'refused', 'refused', 'refused', 'exact'),
    row(
      numbers,
      '`9007199254740993n`',
      9_007_199_254_740_993n,
      'refused',
      'exact',
      'refused',
      'refused',
      'refused',
      'refused',
      'exact',
      'refused',
      'refused',
    ),
    row(
      numbers,
      '`2n ** 63n`',
      2n ** 63n,
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
    ),
    row(numbers, '`"1"`', '1', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused'),
  ],
};

export const NUMBER_SERDES: Readonly<Record<(typeof numbers)[number], Serde<never, unknown>>> = {
  'int32()': int32(),
  'int64()': int64(),
  'float32()': float32(),
  'float64(), number()': float64(),
  'avro int': avro('int'),
  'avro long': avro('long'),
  'avro long, bigint': avro('long', { long: 'bigint' }),
  'avro float': avro('float'),
  'avro double': avro('double'),
};

/** JSON that is read. */
const read = ['json()', 'exactJson()', 'exactJson() and postgresUpsert, numeric'] as const;
export const READ: Table<(typeof read)[number]> = {
  name: 'read',
  places: read,
  rows: [
    row(read, '`0.1`, `0.30000000000000004`', '0.30000000000000004', 'exact', 'exact', 'exact'),
    row(read, '`-0`', '-0', 'exact', 'exact', '`0`: a numeric has no sign there'),
    row(read, '`9007199254740993`', '9007199254740993', '`9007199254740992`, the nearest', 'exact, a `bigint`', 'exact'),
    row(read, '`12345678901234567.89`', '12345678901234567.89', '`12345678901234568`, the nearest', 'exact, an `ExactNumber`', 'exact'),
    row(read, '`1e400`', '1e400', 'refused', 'exact, an `ExactNumber`', 'exact'),
    row(read, '`1e-400`', '1e-400', '`0`, the nearest', 'exact, an `ExactNumber`', 'exact'),
    row(read, '`NaN`, `01`', 'NaN', 'refused', 'refused', 'refused'),
    row(read, 'bytes that are not UTF-8', Buffer.from('"\u00e9"', 'latin1'), 'refused', 'refused', 'refused'),
  ],
};

/** Text, written and read. */
const texts = ['string()', 'avro string', 'headers', 'csvFileSink', 'postgresUpsert, text'] as const;
export const TEXTS: Table<(typeof texts)[number]> = {
  name: 'texts',
  places: texts,
  rows: [
    row(texts, 'half of a surrogate pair', 'a\ud800', 'refused', 'refused', 'refused', 'refused', 'refused'),
    row(texts, '`\\ufffd` itself', '\ufffd', 'exact', 'exact', 'exact', 'exact', 'exact'),
    row(texts, 'a zero character', 'a\u0000', 'exact', 'exact', 'exact', 'exact', 'refused'),
    row(texts, 'line ends, quotes', 'a\r\n"b"\rc', 'exact', 'exact', 'exact', 'exact', 'exact'),
    row(texts, 'the empty text', '', 'exact', 'exact', 'exact', 'exact', 'exact'),
  ],
};

export const TEXT_SERDES = { 'string()': string(), 'avro string': avro('string') } as const;

/** What Postgres itself would change on the way into a column. */
const columns = ['postgresUpsert'] as const;
export const COLUMNS: Table<(typeof columns)[number]> = {
  name: 'columns',
  places: columns,
  rows: [
    row(columns, '`1.5` for `numeric(6,2)`', 1.5, '`1.50`'),
    row(columns, '`1.005` for `numeric(6,2)`', 1.005, 'refused'),
    row(columns, '`12345678901234567.89` for `numeric`', new ExactNumber('12345678901234567.89'), 'exact'),
    row(columns, '`12345678901234567.89` for `double precision`', new ExactNumber('12345678901234567.89'), 'refused'),
    row(columns, '`9007199254740993n` for `double precision`', 9_007_199_254_740_993n, 'refused'),
    row(columns, '`NaN` for `numeric`', Number.NaN, 'exact'),
    row(columns, '`Infinity` for `double precision`', Number.POSITIVE_INFINITY, 'exact'),
    row(columns, '`-0` for `double precision`', -0, 'exact'),
    row(columns, '`0.1` for `real`', 0.1, 'exact'),
    row(columns, '`1e39` for `real`', 1e39, 'refused'),
    row(columns, '`1.5` for `integer`', 1.5, 'refused'),
    row(columns, '`true` for `integer`', true, 'refused'),
    row(columns, '`2147483648` for `integer`', 2_147_483_648, 'refused'),
    row(columns, '`2024-02-29T10:00:00Z` for `date`', '2024-02-29T10:00:00Z', 'refused'),
    row(columns, '`2024-02-29T10:00:00+02:00` for `timestamp`', '2024-02-29T10:00:00+02:00', 'refused'),
    row(columns, '`2024-02-29T10:00:00.1234567Z` for `timestamptz`', '2024-02-29T10:00:00.1234567Z', 'refused'),
    row(columns, '`2024-02-29T10:00:00Z` for `time`', '2024-02-29T10:00:00Z', 'refused'),
    row(columns, '`19782` for `date`', 19_782, 'refused'),
    row(columns, '`too long` for `varchar(4)`', 'too long', 'refused'),
    row(columns, '`AP8=` for `bytea`', 'AP8=', 'refused'),
    row(columns, 'a `Buffer` for `bytea`', Buffer.from([0, 255]), '`\\x00ff`'),
  ],
};

export const JSON_SERDES = { 'json()': json(), 'exactJson()': exactJson() } as const;
