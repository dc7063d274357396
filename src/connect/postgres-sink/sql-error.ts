import { StreamerError } from '../../errors.ts';

/** What `pg` throws for an error of the server. Codes: PostgreSQL documentation, appendix A. */
export interface SqlError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly severity?: string;
}

/**
 * Data exceptions, integrity, a type that does not fit, `raise` in a trigger, an index entry that is too large; and two rows that
 * are one to the index though their keys' texts differ (21): apart they can be written.
 */
const ROW_CLASSES = new Set(['21', '22', '23', 'P0']);
const ROW_CODES = new Set(['42804', '42846', '44000', '54000']);
/** A row that this one refers to may come later. */
const FOREIGN_KEY = '23503';

/** Is the row to blame? Everything else (connection, deadlock, disk, rights, a table that is gone) is waited for. */
export function isRowRefused(error: unknown): boolean {
  const { code } = error as SqlError;
  return typeof code === 'string' && code.length === 5 && (ROW_CLASSES.has(code.slice(0, 2)) || ROW_CODES.has(code));
}

/** Is the connection of no use any more? */
export function isConnectionLost(error: unknown): boolean {
  const { code, severity } = error as SqlError;
  return severity === undefined || severity === 'FATAL' || severity === 'PANIC' || code === undefined;
}

export function rowRefusal(table: string, key: string, error: SqlError, column: string | undefined): StreamerError {
  const where = error.column ?? column;
  const parts = [
    `table ${table} refuses the row ${key}: ${where === undefined ? '' : `column "${where}": `}${error.message}`,
    error.constraint === undefined ? undefined : `constraint "${error.constraint}"`,
    error.detail,
  ];
  return new StreamerError('REFUSED', parts.filter((part) => part !== undefined).join('; '), {
    cause: error,
    retryable: error.code === FOREIGN_KEY,
  });
}

/** For what is waited for. */
export function outside(table: string, error: unknown): StreamerError {
  const { message, code } = error as SqlError;
  const shown = message === '' ? String(code ?? error) : message;
  return new StreamerError('UNAVAILABLE', `Postgres cannot write to ${table}: ${shown}`, { cause: error, retryable: true });
}
