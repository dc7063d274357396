import { isStreamerError, StreamerError } from '../../../errors.ts';
import { jsonWriter } from '../../connect-data/json-writer.ts';
import { type ConnectSchema, type ConnectValue, field, structOf } from '../../connect-data/schema.ts';
import type { Relation, Tuple } from '../pgoutput/message.ts';
import { unchanged } from '../pgoutput/message.ts';
import type { PgType } from '../types/field-type.ts';
import type { TypeResolver } from '../types/resolve.ts';
import { type CatalogColumn, type Column, columnsOf } from './column.ts';
import { envelopeSchema } from './envelope-schema.ts';
import { topicName } from './topic-name.ts';

export type { CatalogColumn } from './column.ts';

/** What the log leaves out about a table, and the catalogue has. */
export interface CatalogTable {
  readonly columns: ReadonlyMap<string, CatalogColumn>;
  /** Of the primary key, else of the first unique index by name; in the order of the key. */
  readonly key: readonly string[];
}

/** A row as the snapshot reads it; bytes are text that is not UTF-8. */
export type SnapshotTuple = ReadonlyArray<string | Buffer | null>;

/** One form of a table as its change events show it: another form is another object. */
export class Table {
  readonly schema: string;
  readonly name: string;
  readonly topic: string;
  readonly value: ConnectSchema;
  readonly envelope: ConnectSchema;
  /** Undefined for a table without key. */
  readonly key: ConnectSchema | undefined;
  readonly #columns: readonly Column[];
  /** Positions of the key's columns among the columns. */
  readonly #key: readonly number[];

  constructor(relation: Relation, catalog: CatalogTable, types: ReadonlyMap<number, PgType>, resolver: TypeResolver, prefix: string) {
    this.schema = relation.schema;
    this.name = relation.table;
    // Names of schemas follow the same rule: it is Avro's, and Debezium keeps it for JSON too.
    this.topic = topicName(`${prefix}.${relation.schema}.${relation.table}`);
    this.#columns = columnsOf(relation, catalog.columns, types, resolver);
    const fields = this.#columns.map((each) => field(each.name, each.schema));
    this.value = structOf(`${this.topic}.Value`, fields, { optional: true });
    this.envelope = envelopeSchema(this.topic, this.value);
    this.#key = catalog.key.map((name) => this.#columns.findIndex((each) => each.name === name)).filter((at) => at >= 0);
    const keyFields = this.#key.flatMap((at) => fields[at] ?? []);
    this.key = keyFields.length === 0 ? undefined : structOf(`${this.topic}.Key`, keyFields);
  }

  get columnNames(): readonly string[] {
    return this.#columns.map((each) => each.name);
  }

  /** Returns a row of the log. @param older the row before, where values that an update did not touch may be found */
  row(tuple: Tuple, older?: Tuple): ConnectValue[] {
    try {
      return this.#columns.map((column) => column.streamed(tuple[column.at], older?.[column.at]));
    } catch (error) {
      throw this.#placed(error, tuple);
    }
  }

  /** Returns a row of the snapshot. */
  read(row: SnapshotTuple): ConnectValue[] {
    try {
      return this.#columns.map((column) => column.read(row[column.at]));
    } catch (error) {
      throw this.#placed(error, row);
    }
  }

  /** The error with the row that it is about, by its key as the server wrote it. */
  #placed(error: unknown, tuple: Tuple): unknown {
    if (!isStreamerError(error) || this.#key.length === 0) return error;
    const parts = this.#key.flatMap((at) => {
      const column = this.#columns[at];
      const value = column && tuple[column.at];
      return typeof value === 'string' ? `${column?.name} = ${value.length > 100 ? `${value.slice(0, 100)}…` : value}` : [];
    });
    if (parts.length === 0) return error;
    return new StreamerError(error.code, `${error.message}; the row is ${parts.join(', ')}`, { cause: error.cause, next: error.next });
  }

  keyOf(row: readonly ConnectValue[]): ConnectValue[] {
    return this.#key.map((at) => row[at] ?? null);
  }

  /** Returns a row of which only the key is known, as in a delete under the default replica identity. */
  rowOfKey(key: readonly ConnectValue[]): ConnectValue[] {
    return this.#columns.map((column, at) => {
      const inKey = this.#key.indexOf(at);
      return inKey < 0 ? column.read(null) : (key[inKey] ?? null);
    });
  }

  /**
   * Returns whether two rows have the same key in the form in which it is written: a `numeric` of 1.50 and 1.5 has, unless
   * `decimals` keeps the digits.
   *
   * @param tuple the new row of the log, in which large values that were not touched are missing: these have not changed
   */
  hasSameKey(before: readonly ConnectValue[], after: readonly ConnectValue[], tuple: Tuple): boolean {
    return this.#key.every((at) => {
      const column = this.#columns[at];
      if (column === undefined || tuple[column.at] === unchanged) return true;
      const write = jsonWriter(column.schema);
      return write(before[at]) === write(after[at]);
    });
  }
}
