import type { ConnectValue } from '../../connect-data/schema.ts';
import { listOf } from '../../connect-data/value.ts';
import { array, unchangedArray, vector } from './array.ts';
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

/** Types of PostgreSQL and of its extensions, by name. A Map, because users name types too. */
const KNOWN: ReadonlyMap<string, Make> = new Map(
  Object.entries<Make>({
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
    // Debezium knows the type, but reads its values from the log only where unknown types are included.
    name: (_, { unknown }) => ({ ...text, convert: (value) => (unknown ? value : null), read: (value) => value }),
    uuid: () => namedText('io.debezium.data.Uuid'),
    tsvector: () => namedText('io.debezium.data.Tsvector'),
    ltree: () => namedText('io.debezium.data.Ltree'),
    hstore: (_, options) => hstore(options.hstore),
  }),
);
const TEXTS = ['text', 'varchar', 'bpchar', 'char', 'citext', 'isbn', 'inet', 'cidr', 'macaddr', 'macaddr8'];
const RANGES = ['int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange'];

/** Element types whose arrays have optional elements in Debezium. */
const IN_ARRAYS = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bytea', 'date', 'time', 'timetz', 'timestamp', 'timestamptz'],
  ...['char', 'varchar', 'text', 'bpchar', 'citext', 'inet', 'cidr', 'macaddr', 'macaddr8', 'json', 'jsonb', 'uuid', 'hstore', 'ltree'],
  ...RANGES,
]);
/** Known types whose arrays Debezium does not write. */
const NOT_IN_ARRAYS = new Set(['money', 'name', 'interval', 'varbit', 'xml', 'point', 'refcursor']);

/** Types whose arrays are null, unless they are empty or hold nulls alone. */
const SHAPES = new Set(['box', 'circle', 'line', 'lseg', 'path', 'polygon']);

/** In arrays, Debezium writes a time of day to the millisecond, and 24:00 as midnight. */
function millisecondTime(text: string): string {
  return text.startsWith('24:') ? '00:00:00' : text.slice(0, 12);
}

/** One NaN or infinity makes the whole array null. */
function numericArray(type: FieldType): FieldType {
  return { ...type, convert: (text) => (/NaN|Infinity/.test(text) ? null : type.convert(text)) };
}

function shapes(type: FieldType): FieldType {
  return arrayWhere(type, (items) => items.every((item) => item === null));
}

/** An array that is null as a whole unless its elements pass the test. Only boxes are separated by semicolons. */
function arrayWhere(type: FieldType, isRight: (items: readonly ConnectValue[]) => boolean): FieldType {
  const convert = (text: string) => {
    const items = listOf(type.convert(text.replaceAll(';', ',')));
    return isRight(items) ? items : null;
  };
  return { ...type, convert };
}

/** Finds how a column's type is written. Undefined for types that Debezium does not know, and leaves out. */
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
    if (type.base !== 0) return this.#domain(type, modifier);
    if (type.labels !== undefined) return enumeration(type.labels);
    if (type.category === 'A' && type.element !== 0) return this.#array(type, modifier);
    return this.#plain(type, modifier) ?? this.#unknown();
  }

  #domain(type: PgType, modifier: number): FieldType | undefined {
    const made = this.resolve(type.base, modifier === -1 ? type.modifier : modifier);
    return made?.schema.type === 'array' ? { ...made, unchanged: null } : made;
  }

  #plain(type: PgType, modifier: number): FieldType | undefined {
    if (TEXTS.includes(type.name) || RANGES.includes(type.name)) return text;
    return geometry.get(type.name) ?? KNOWN.get(type.name)?.(modifier, this.#options);
  }

  #array(type: PgType, modifier: number): FieldType | undefined {
    const { name, base } = this.#types.get(type.element) ?? { name: '', base: 1 };
    if (NOT_IN_ARRAYS.has(name)) return undefined;
    if (base !== 0) return this.#domains(base);
    // Debezium takes the column for a single value of the element's type, and finds none.
    if (name === 'bit') return { ...bits(modifier < 0 ? 1 : modifier), convert: () => null, unchanged: null };
    const element = this.resolve(type.element, modifier);
    if (element === undefined) return undefined;
    if (type.name === 'int2vector' || type.name === 'oidvector') return vector(element);
    const unchanged = unchangedArray(name, element);
    if (name === 'time')
      return array({ ...element, convert: (text) => element.convert(millisecondTime(text)) }, { optional: true, unchanged });
    if (name === 'numeric') return numericArray(array(element, { optional: true }));
    if (name === 'ltree') return arrayWhere(array(element, { optional: true }), (items) => !items.includes(null));
    if (SHAPES.has(name)) return shapes(array(element, { optional: true }));
    return array(element, { optional: IN_ARRAYS.has(name), unchanged });
  }

  /** An array of a domain. Debezium has no labels for an enum there, and no arrays of other domains. */
  #domains(base: number): FieldType | undefined {
    const type = this.#types.get(base);
    if (type !== undefined && type.base !== 0) return this.#domains(type.base);
    if (type?.labels !== undefined) return array(enumeration([]), { optional: false });
    return this.#options.unknown ? array(unknownType(this.#options.binary), { optional: false }) : undefined;
  }

  #unknown(): FieldType | undefined {
    return this.#options.unknown ? unknownType(this.#options.binary) : undefined;
  }
}
