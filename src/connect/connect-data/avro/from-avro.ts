import { StreamerError } from '../../../errors.ts';
import { type ConnectField, type ConnectSchema, type ConnectType, type ConnectValue, schemaOf } from '../schema.ts';
import type { AvroCursor } from './avro-cursor.ts';
import { type AvroDefinition, type AvroJson, splitName } from './avro-json.ts';
import { described } from './avro-properties.ts';

/** A Connect schema, and what reads its values. */
export interface AvroPlan {
  readonly schema: ConnectSchema;
  readonly read: (cursor: AvroCursor) => ConnectValue;
}

const READERS = new Map<string, { readonly type: ConnectType; readonly read: AvroPlan['read'] }>([
  ['int', { type: 'int32', read: (cursor) => cursor.long() }],
  ['long', { type: 'int64', read: (cursor) => cursor.long() }],
  ['float', { type: 'float', read: (cursor) => floatOf(cursor.float()) }],
  ['double', { type: 'double', read: (cursor) => cursor.double() }],
  ['boolean', { type: 'boolean', read: (cursor) => cursor.boolean() }],
  ['string', { type: 'string', read: (cursor) => cursor.string() }],
  ['bytes', { type: 'bytes', read: (cursor) => cursor.bytes() }],
]);

/**
 * Returns the Connect schema of an Avro schema, and what reads its values, as Confluent's `AvroData` does with its defaults. Of
 * unions only those of a type with null have a form.
 */
export function fromAvro(avro: AvroJson): AvroPlan {
  return new Parser().plan(avro, '');
}

class Parser {
  readonly #named = new Map<string, AvroPlan>();

  plan(avro: AvroJson, namespace: string): AvroPlan {
    if (typeof avro === 'string') return this.#reference(avro, namespace);
    if (isUnion(avro)) return this.#optional(avro, namespace);
    const { type } = avro;
    if (typeof type !== 'string') return this.plan(type, namespace);
    switch (type) {
      case 'record':
        return this.#record(avro, namespace);
      case 'enum':
        return this.#enumeration(avro, namespace);
      case 'fixed':
        return this.#remember(avro, namespace, fixed(avro));
      case 'array':
        return this.#array(avro, namespace);
      case 'map':
        return this.#map(avro, namespace);
      default:
        return primitive(type, avro) ?? this.#reference(type, namespace);
    }
  }

  #reference(name: string, namespace: string): AvroPlan {
    const plan = primitive(name, undefined) ?? this.#named.get(name.includes('.') || namespace === '' ? name : `${namespace}.${name}`);
    return plan ?? this.#named.get(name) ?? unsupported(`the type "${name}"`);
  }

  #optional(union: readonly AvroJson[], namespace: string): AvroPlan {
    const [branch, more] = union.filter((each) => each !== 'null');
    if (branch === undefined || more !== undefined || union.length !== 2) return unsupported('a union of more than a type and null');
    const { schema, read } = this.plan(branch, namespace);
    const nullBranch = union.indexOf('null');
    return { schema: { ...schema, optional: true }, read: (cursor) => (cursor.count() === nullBranch ? null : read(cursor)) };
  }

  #record(avro: AvroDefinition, around: string): AvroPlan {
    const { namespace } = placeOf(avro, around);
    const fields = (avro.fields ?? []).map(({ name, type }) => ({ name, plan: this.plan(type, namespace) }));
    const connectFields: ConnectField[] = fields.map(({ name, plan }) => ({ name, schema: plan.schema }));
    const schema = { ...described(avro, schemaOf('struct', { fields: connectFields })), name: placeOf(avro, around).fullName };
    return this.#remember(avro, around, { schema, read: (cursor) => fields.map(({ plan }) => plan.read(cursor)) });
  }

  #enumeration(avro: AvroDefinition, around: string): AvroPlan {
    const symbols = avro.symbols ?? [];
    const read = (cursor: AvroCursor) => symbols[cursor.count()] ?? unsupported('a symbol that the schema does not have');
    return this.#remember(avro, around, { schema: described(avro, schemaOf('string')), read });
  }

  #array(avro: AvroDefinition, namespace: string): AvroPlan {
    const item = this.plan(avro.items ?? 'null', namespace);
    const read = (cursor: AvroCursor) => Array.from(blocks(cursor), () => item.read(cursor));
    return { schema: described(avro, schemaOf('array', { items: item.schema })), read };
  }

  #map(avro: AvroDefinition, namespace: string): AvroPlan {
    const value = this.plan(avro.values ?? 'null', namespace);
    const read = (cursor: AvroCursor) => new Map(Array.from(blocks(cursor), () => [cursor.string(), value.read(cursor)] as const));
    return { schema: described(avro, schemaOf('map', { keys: schemaOf('string'), values: value.schema })), read };
  }

  #remember(avro: AvroDefinition, around: string, plan: AvroPlan): AvroPlan {
    this.#named.set(placeOf(avro, around).fullName, plan);
    return plan;
  }
}

function isUnion(avro: readonly AvroJson[] | AvroDefinition): avro is readonly AvroJson[] {
  return Array.isArray(avro);
}

function placeOf({ name = '', namespace }: AvroDefinition, around: string): { readonly namespace: string; readonly fullName: string } {
  if (name.includes('.')) return { namespace: splitName(name).namespace, fullName: name };
  const own = namespace ?? around;
  return { namespace: own, fullName: own === '' ? name : `${own}.${name}` };
}

function primitive(type: string, avro: AvroDefinition | undefined): AvroPlan | undefined {
  const known = READERS.get(type);
  if (known === undefined) return undefined;
  const narrow = avro?.['connect.type'];
  const connectType = narrow === 'int8' || narrow === 'int16' ? narrow : known.type;
  const schema = schemaOf(connectType);
  return { schema: avro === undefined ? schema : described(avro, schema), read: known.read };
}

function fixed(avro: AvroDefinition): AvroPlan {
  const size = avro.size ?? 0;
  return { schema: described(avro, schemaOf('bytes')), read: (cursor) => cursor.fixed(size) };
}

/** Yields once for each item of an array or map, which are written in blocks; a negative count is followed by the block's size. */
function* blocks(cursor: AvroCursor): Generator<undefined> {
  for (let count = cursor.count(); count !== 0; count = cursor.count()) {
    if (count < 0) cursor.long();
    for (let left = Math.abs(count); left > 0; left--) yield undefined;
  }
}

/** The shortest decimal form of a 32-bit float, which is how PostgreSQL prints it. */
function floatOf(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function unsupported(what: string): never {
  throw new StreamerError('DECODE', `Kafka Connect's data model has no form for ${what}`);
}
