import { SerdeError } from '../../topics/index.ts';
import type { Change } from './change.ts';
import { columnTypeOf, columnTypeOfValue } from './column-type.ts';
import { type ConnectSchema, fieldOf, own } from './connect-schema.ts';
import type { Column, Table } from './table.ts';
import type { NewColumn } from './tables.ts';
import { type ValueWriter, valueWriter } from './value-text.ts';

/** One field of a row, as the event has it. */
export interface Cell {
  readonly name: string;
  readonly value: unknown;
  readonly schema: ConnectSchema | undefined;
}

/**
 * The cells that a change writes: its key's first where the row does not hold them; a delete's are its key's alone.
 *
 * @throws SerdeError `VALIDATION` when a part of the key is missing
 */
export function cellsOf(change: Change, pkFields: readonly string[], fields: ReadonlySet<string> | undefined): Cell[] {
  const { row, schema } = change;
  const keyCells = pkFields.filter((name) => row === undefined || own(row, name) === undefined).map((name) => keyCell(change, name));
  if (row === undefined) return keyCells;
  const cells = Object.keys(row)
    .filter((name) => row[name] !== undefined && (fields === undefined || fields.has(name) || pkFields.includes(name)))
    .map((name) => ({ name, value: row[name], schema: fieldOf(schema, name) }));
  for (const { name, value } of cells) if (value === null && pkFields.includes(name)) throw noKey(name);
  return [...keyCells, ...cells];
}

function keyCell({ key, keySchema }: Change, name: string): Cell {
  const value = own(key, name);
  if (value === undefined || value === null) throw noKey(name);
  return { name, value, schema: fieldOf(keySchema, name) };
}

function noKey(name: string): SerdeError {
  return new SerdeError('VALIDATION', `the event does not say which row it is about: "${name}" is in neither its key nor its row`, {
    path: name,
  });
}

/**
 * Columns that the table lacks for these cells. A null without a known type needs none.
 *
 * @param types by name, from the user's options
 */
export function newColumns(cells: readonly Cell[], table: Table | undefined, types: ReadonlyMap<string, string>): NewColumn[] {
  return cells.flatMap(({ name, value, schema }) => {
    if (table?.columns.has(name) === true) return [];
    const type = types.get(name) ?? (schema === undefined ? columnTypeOfValue(value) : columnTypeOf(schema));
    return type === undefined ? [] : [{ name, type }];
  });
}

/** A row's texts, ready for a statement. */
export interface Texts {
  readonly columns: readonly Column[];
  readonly values: ReadonlyArray<string | null>;
}

/** Writes cells as texts for one table; keeps a writer for every kind of field that it has met. */
export class RowTexts {
  readonly #table: Table;
  readonly #writers = new Map<string, ValueWriter>();

  constructor(table: Table) {
    this.#table = table;
  }

  /** @throws SerdeError `VALIDATION` for a value or a column that does not fit */
  of(cells: readonly Cell[], pkFields: readonly string[]): Texts {
    const columns: Column[] = [];
    const values: Array<string | null> = [];
    for (const { name, value, schema } of cells) {
      const column = this.#table.columns.get(name);
      if (column === undefined) {
        if (value === null) continue;
        throw noColumn(this.#table.name, name, cells);
      }
      if (column.isGenerated || (column.isIdentity && !pkFields.includes(name))) continue;
      columns.push(column);
      values.push(this.#writer(column, schema)(value));
    }
    return { columns, values };
  }

  #writer(column: Column, schema: ConnectSchema | undefined): ValueWriter {
    const id = `${column.name}\u0000${signature(schema)}`;
    let writer = this.#writers.get(id);
    if (writer === undefined) {
      writer = valueWriter(column, schema);
      this.#writers.set(id, writer);
    }
    return writer;
  }
}

function noColumn(table: string, name: string, cells: readonly Cell[]): SerdeError {
  const names = new Set(cells.map((cell) => cell.name));
  const isChange = ['after', 'source', 'op'].every((each) => names.has(each));
  const message = `table ${table} has no column "${name}"; add it, set autoEvolve, or leave it out with fields`;
  return new SerdeError('VALIDATION', message, {
    path: name,
    next: isChange ? "If the values are change events, set values: 'changes'." : undefined,
  });
}

/** Equal for schemas whose values are written alike. */
function signature(schema: ConnectSchema | undefined): string {
  if (schema === undefined) return '';
  const { type, name, parameters, items } = schema;
  if (name === undefined && items === undefined) return type;
  return `${type} ${name ?? ''} ${parameters?.scale ?? ''} ${parameters?.length ?? ''} ${items === undefined ? '' : JSON.stringify(items)}`;
}
