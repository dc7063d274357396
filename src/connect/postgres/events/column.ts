import { StreamerError } from '../../../errors.ts';
import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';
import type { Relation, TupleValue } from '../pgoutput/message.ts';
import { unchanged } from '../pgoutput/message.ts';
import { messageOf } from '../server/server-error.ts';
import { isSpecial } from '../types/decimal.ts';
import { defaultOf } from '../types/defaults.ts';
import type { FieldType, PgType } from '../types/field-type.ts';
import type { TypeResolver } from '../types/resolve.ts';

/** What the log leaves out about a column, and the catalogue has. */
export interface CatalogColumn {
  readonly isRequired: boolean;
  /** Of a default or a generated column, as `pg_get_expr` writes it. */
  readonly default: string | null;
}

/** A column as change events show it. */
export class Column {
  readonly name: string;
  /** Position in the tuples of the log. */
  readonly at: number;
  readonly schema: ConnectSchema;
  readonly #type: FieldType;
  /** Stands for null. */
  readonly #absent: ConnectValue;
  /** For messages, as `public.cars`. */
  readonly #table: string;

  constructor(name: string, at: number, type: FieldType, catalog: CatalogColumn | undefined, pgType: PgType | undefined, table: string) {
    this.name = name;
    this.at = at;
    this.#type = type;
    this.#table = table;
    const optional = !(catalog?.isRequired ?? false);
    const given = catalog === undefined || pgType === undefined ? undefined : defaultOf(catalog.default, pgType, type);
    this.schema = { ...type.schema, optional: optional || type.schema.optional, ...(given === undefined ? {} : { default: given }) };
    this.#absent = optional ? null : (given ?? type.zero);
  }

  /** Returns a value of the log. @param older the value before, which stands for one that the change did not touch */
  streamed(value: TupleValue | undefined, older: TupleValue | undefined): ConnectValue {
    const found = value === unchanged ? (older ?? unchanged) : value;
    if (found === unchanged) return this.#type.unchanged ?? this.#unknown();
    return this.#valueOf(found, this.#type.convert);
  }

  /** Returns a value of the snapshot. */
  read(value: string | Buffer | null | undefined): ConnectValue {
    return this.#valueOf(value, this.#type.read ?? this.#type.convert);
  }

  #valueOf(value: string | Buffer | null | undefined, convert: FieldType['convert']): ConnectValue {
    if (value === null || value === undefined) return this.#absent;
    return typeof value === 'string' ? this.#converted(convert, value) : this.#notUtf8(value);
  }

  #notUtf8(bytes: Buffer): never {
    const shown = bytes.subarray(0, 16).toString('hex');
    throw new StreamerError(
      'REFUSED',
      `column "${this.name}" of ${this.#table} holds bytes that are not UTF-8 (${shown}${bytes.length > 16 ? '…' : ''}): the database has the encoding SQL_ASCII`,
      { next: 'Convert the value to UTF-8. Then the source goes on with it, or with a new snapshot: streamer cdc reset.' },
    );
  }

  /** A large value that the update did not touch. Where the schema has no room for "not known", no other value may stand for it. */
  #unknown(): ConnectValue {
    if (this.schema.optional) return null;
    if (this.schema.default !== undefined) return this.schema.default;
    throw new StreamerError(
      'REFUSED',
      `column "${this.name}" of ${this.#table} is large and was not changed, so the log does not hold it, and its type has no form for that`,
      {
        next: 'Make the log hold it (alter table … replica identity full), or let the column be null. Then take a new snapshot: streamer cdc reset.',
      },
    );
  }

  #converted(convert: FieldType['convert'], text: string): ConnectValue {
    let value: ConnectValue;
    try {
      value = convert(text);
    } catch (cause) {
      throw new StreamerError('REFUSED', `column "${this.name}" of ${this.#table}: ${messageOf(cause)}`, { cause });
    }
    if (value !== null) return value;
    // NaN has no form in a column that may not be null: to write another number would be wrong.
    if (!this.schema.optional && isSpecial(text)) {
      throw new StreamerError(
        'REFUSED',
        `column "${this.name}" of ${this.#table} holds ${text}, which decimals: 'precise' has no form for`,
        {
          next: "Set decimals: 'string' or 'double', or let the column be null.",
        },
      );
    }
    return this.#absent;
  }
}

/** Returns the columns that can be written; those of unknown types are left out. */
export function columnsOf(
  relation: Relation,
  catalog: ReadonlyMap<string, CatalogColumn>,
  types: ReadonlyMap<number, PgType>,
  resolver: TypeResolver,
): Column[] {
  const table = `${relation.schema}.${relation.table}`;
  return relation.columns.flatMap(({ name, typeOid, typeModifier }, at) => {
    const type = resolver.resolve(typeOid, typeModifier);
    return type === undefined ? [] : [new Column(name, at, type, catalog.get(name), types.get(typeOid), table)];
  });
}
