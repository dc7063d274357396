import type { PublishedTable } from '../catalog/publication.ts';
import type { SnapshotTuple } from '../events/table.ts';
import type { Row } from '../server/database.ts';
import { identifier, qualified } from '../server/sql.ts';
import { textOrBytes } from '../server/text.ts';

/** A query for the rows of a table, and what turns its rows into tuples. */
export interface Selection {
  readonly query: string;
  readonly tuple: (row: Row) => SnapshotTuple;
}

/**
 * Returns the query for a table's rows. A partition is read by itself or through its root; other children of a table have changes of
 * their own, so that they are not read with it.
 *
 * @param isAscii the database has the encoding SQL_ASCII: values are read as bytes, because the server does not check them
 */
export function selectionOf(table: PublishedTable, columns: readonly string[], isPartitioned: boolean, isAscii: boolean): Selection {
  const filter = table.filter === undefined ? '' : ` where ${table.filter}`;
  const list = columns.map(identifier).map(isAscii ? inBase64 : (name) => name);
  return {
    query: `select ${list.join(', ')} from ${isPartitioned ? '' : 'only '}${qualified(table)}${filter}`,
    tuple: isAscii ? (row) => row.map((value) => (value === null ? null : textOrBytes(Buffer.from(value, 'base64')))) : (row) => row,
  };
}

/** `format` writes a value as the server's output does; a cast to text would not, for some types. */
function inBase64(column: string): string {
  return `case when ${column} is not null then encode(textsend(format('%s', ${column})), 'base64') end`;
}
