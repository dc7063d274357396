import { StreamerError } from '../../../errors.ts';
import { type ConnectField, type ConnectSchema, type ConnectValue, field, structOf } from '../../connect-data/schema.ts';
import type { Relation, Tuple } from '../pgoutput/message.ts';
import { unchanged } from '../pgoutput/message.ts';
import { isSpecial } from '../types/decimal.ts';
import { defaultOf } from '../types/defaults.ts';
import type { FieldType, PgType } from '../types/field-type.ts';
import type { TypeResolver } from '../types/resolve.ts';
import { envelopeSchema } from './envelope-schema.ts';

/** What the log does not say about a table, and the catalogue does. */
export interface CatalogTable {
  readonly columns: ReadonlyMap<string, { readonly isRequired: boolean; readonly default: string | null }>;
  /** Of the primary key, else of the first unique index by name; in the order of the key. */
  readonly key: readonly string[];
}

interface Column {
  readonly name: string;
  /** Place in the tuples of the log. */
  readonly at: number;
  readonly type: FieldType;
  readonly schema: ConnectSchema;
  /** What a null becomes. */
  readonly absent: ConnectValue;
}

/** A table as its change events show it, for one form of the table: another form is another object. */
export class Table {
  readonly schema: string;
  readonly name: string;
  readonly topic: string;
  readonly identity: string;
  readonly value: ConnectSchema;
  readonly envelope: ConnectSchema;
  /** Absent for a table without key. */
  readonly key: ConnectSchema | undefined;
  readonly #columns: readonly Column[];
  readonly #key: readonly number[];

  constructor(relation: Relation, catalog: CatalogTable, types: ReadonlyMap<number, PgType>, resolver: TypeResolver, prefix: string) {
    this.schema = relation.schema;
    this.name = relation.table;
    this.identity = relation.identity;
    const fullName = `${prefix}.${relation.schema}.${relation.table}`;
    this.topic = topicName(fullName);
    this.#columns = columnsOf(relation, catalog, types, resolver);
    const fields = this.#columns.map((each) => field(each.name, each.schema));
    this.value = structOf(`${schemaName(fullName)}.Value`, fields, { optional: true });
    this.envelope = envelopeSchema(schemaName(fullName), this.value);
    this.#key = catalog.key.map((name) => this.#columns.findIndex((each) => each.name === name)).filter((at) => at >= 0);
    this.key = this.#key.length === 0 ? undefined : structOf(`${schemaName(fullName)}.Key`, keyFields(this.#key, fields));
  }

  get columnNames(): readonly string[] {
    return this.#columns.map((each) => each.name);
  }

  /** @param older the row before, where values that an update did not touch may be found */
  row(tuple: Tuple, older?: Tuple): ConnectValue[] {
    return this.#columns.map((column) => {
      let value = tuple[column.at]!;
      if (value === unchanged) value = older?.[column.at] ?? unchanged;
      if (value === unchanged) return column.type.unchanged ?? this.#unknown(column);
      return value === null ? column.absent : this.#converted(column, column.type.convert, value);
    });
  }

  /** A row of the snapshot. */
  read(row: ReadonlyArray<string | null>): ConnectValue[] {
    return this.#columns.map((column) => {
      const value = row[column.at]!;
      return value === null ? column.absent : this.#converted(column, column.type.read ?? column.type.convert, value);
    });
  }

  /** A large value that the update did not touch, and for which there is nothing to write. Another one must not stand for it. */
  #unknown({ name, schema }: Column): ConnectValue {
    if (schema.optional) return null;
    if (schema.default !== undefined) return schema.default;
    throw new StreamerError(
      'REFUSED',
      `column "${name}" of ${this.schema}.${this.name} is large and was not changed, so the log does not hold it, and its type has no form for that`,
      {
        next: `Have the log hold it (alter table … replica identity full), or let the column be null; then begin anew: streamer cdc reset.`,
      },
    );
  }

  #converted({ name, schema, absent }: Column, convert: FieldType['convert'], text: string): ConnectValue {
    let value: ConnectValue;
    try {
      value = convert(text);
    } catch (cause) {
      throw new StreamerError('REFUSED', `column "${name}" of ${this.schema}.${this.name}: ${(cause as Error).message}`, { cause });
    }
    if (value !== null) return value;
    // A number that is none has no place in a column that may not be null: to write another one would be wrong.
    if (!schema.optional && isSpecial(text)) {
      throw new StreamerError(
        'REFUSED',
        `column "${name}" of ${this.schema}.${this.name} holds ${text}, which decimals: 'precise' has no form for`,
        { next: "Set decimals: 'string' or 'double', or let the column be null." },
      );
    }
    return absent;
  }

  keyOf(row: readonly ConnectValue[]): ConnectValue {
    return this.#key.map((at) => row[at]!);
  }

  /** Do two tuples have the same key? */
  hasSameKey(a: Tuple, b: Tuple): boolean {
    return this.#key.every((index) => {
      const { at } = this.#columns[index]!;
      return a[at] === b[at] || a[at] === unchanged || b[at] === unchanged;
    });
  }
}

function columnsOf(relation: Relation, catalog: CatalogTable, types: ReadonlyMap<number, PgType>, resolver: TypeResolver): Column[] {
  return relation.columns.flatMap(({ name, typeOid, typeModifier }, at) => {
    const type = resolver.resolve(typeOid, typeModifier);
    if (type === undefined) return [];
    const known = catalog.columns.get(name);
    const optional = !(known?.isRequired ?? false);
    const pgType = types.get(typeOid);
    const given = known === undefined || pgType === undefined ? undefined : defaultOf(known.default, pgType, type);
    const schema = { ...type.schema, optional: optional || type.schema.optional, ...(given === undefined ? {} : { default: given }) };
    return [{ name, at, type, schema, absent: optional ? null : (given ?? type.zero) }];
  });
}

function keyFields(key: readonly number[], fields: readonly ConnectField[]): ConnectField[] {
  return key.map((at) => fields[at]!);
}

/** Kafka allows letters, digits, `.`, `_`, `-`: what else a name has becomes `_`. */
export function topicName(fullName: string): string {
  return fullName.replace(/[^a-zA-Z0-9._-]/g, '_');
}

/** Avro's rule, which Debezium keeps for JSON too only where asked to; dots separate. */
function schemaName(fullName: string): string {
  return topicName(fullName);
}
