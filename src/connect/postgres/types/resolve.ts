import { array } from './array.ts';
import { binary, bits, unknownType } from './binary.ts';
import { numeric } from './decimal.ts';
import type { FieldType, PgType, TypeOptions } from './field-type.ts';
import { geometry } from './geometry.ts';
import { hstore } from './hstore.ts';
import { boolean, floating, integer } from './integer.ts';
import { interval } from './interval.ts';
import { money } from './money.ts';
import { date, time, timestamp, timestampWithZone, timeWithZone } from './temporal.ts';
import { enumeration, namedText, text } from './text.ts';

type Make = (modifier: number, options: TypeOptions) => FieldType;

const NO_LIMIT = 2_147_483_647;
/** Digits of the seconds where the column names none. */
const fraction = (modifier: number) => (modifier < 0 ? 6 : modifier);
const json = namedText('io.debezium.data.Json');

/** Types of PostgreSQL's own catalogue, and of its extensions, by name. */
const KNOWN: Readonly<Record<string, Make>> = {
  bool: () => boolean,
  int2: () => integer('int16'),
  int4: () => integer('int32'),
  int8: () => integer('int64'),
  oid: () => integer('int64'),
  float4: () => floating('float'),
  float8: () => floating('double'),
  numeric: (modifier, { decimals }) => numeric(modifier, decimals),
  money: (_, { decimals }) => money(decimals),
  bytea: (_, options) => binary(options.binary),
  bit: (modifier) => bits(modifier < 0 ? 1 : modifier),
  varbit: (modifier) => bits(modifier < 0 ? NO_LIMIT : modifier),
  date: (_, { times }) => date(times),
  time: (modifier, { times }) => time(times, fraction(modifier)),
  timetz: () => timeWithZone,
  timestamp: (modifier, { times }) => timestamp(times, fraction(modifier)),
  timestamptz: (modifier) => timestampWithZone(fraction(modifier)),
  interval: (_, { intervals }) => interval(intervals),
  json: () => json,
  jsonb: () => json,
  xml: () => namedText('io.debezium.data.Xml'),
  uuid: () => namedText('io.debezium.data.Uuid'),
  tsvector: () => namedText('io.debezium.data.Tsvector'),
  ltree: () => namedText('io.debezium.data.Ltree'),
  hstore: (_, options) => hstore(options.hstore),
};
const TEXTS = ['text', 'varchar', 'bpchar', 'char', 'name', 'citext', 'isbn', 'inet', 'cidr', 'macaddr', 'macaddr8'];
const RANGES = ['int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange'];

/** Finds how a column's type is written. Absent for what Debezium does not know and leaves out. */
export class TypeResolver {
  readonly #types: ReadonlyMap<number, PgType>;
  readonly #options: TypeOptions;

  constructor(types: ReadonlyMap<number, PgType>, options: TypeOptions) {
    this.#types = types;
    this.#options = options;
  }

  resolve(oid: number, modifier: number): FieldType | undefined {
    const type = this.#types.get(oid);
    if (type === undefined) return this.#unknown();
    if (type.base !== 0) return this.resolve(type.base, modifier === -1 ? type.modifier : modifier);
    if (type.labels !== undefined) return enumeration(type.labels);
    if (type.category === 'A' && type.element !== 0) return this.#array(type, modifier);
    return this.#plain(type, modifier) ?? this.#unknown();
  }

  #plain(type: PgType, modifier: number): FieldType | undefined {
    if (TEXTS.includes(type.name) || RANGES.includes(type.name)) return text;
    return geometry[type.name] ?? KNOWN[type.name]?.(modifier, this.#options);
  }

  #array(type: PgType, modifier: number): FieldType | undefined {
    const element = this.resolve(type.element, modifier);
    return element === undefined ? this.#unknown() : array(element, type.name === '_box' ? ';' : ',');
  }

  #unknown(): FieldType | undefined {
    return this.#options.unknown ? unknownType(this.#options.binary) : undefined;
  }
}
