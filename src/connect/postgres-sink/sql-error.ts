import { isStreamerError, StreamerError } from '../../errors.ts';

/** What `pg` throws for an error of the server. Codes: PostgreSQL documentation, appendix A. */
export interface SqlError extends Error {
  readonly code: string;
  readonly detail?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly severity: string;
}

/** Classes that say that the server cannot be used now: connection, resources (a full disk, too many clients), shutdown. */
const AWAY_CLASSES = new Set(['08', '53', '57']);
const NOT_AWAY = new Set(['53400', '57014']);
/** A standby, as after a fail-over. */
const READ_ONLY = '25006';
/** Data exceptions, integrity, `raise` in a trigger: the same row will be refused again. */
const FINAL_CLASSES = new Set(['21', '22', '23', 'P0']);
const FINAL_CODES = new Set(['42804', '42846', '44000', '54000']);
/** A row that this one refers to may come later. */
const FOREIGN_KEY = '23503';
/** Deadlock, serialisation failure, a lock that was not available: the same transaction may succeed at once. */
const PASSING = /^40|^55P03$/;

export function isSqlError(error: unknown): error is SqlError {
  return (
    error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
  );
}

/** Returns true if the server refused the statement, and can be used otherwise. Any other error is waited for. */
export function isRefusal(error: unknown): error is SqlError {
  if (!isSqlError(error) || isConnectionLost(error)) return false;
  return NOT_AWAY.has(error.code) || !(AWAY_CLASSES.has(error.code.slice(0, 2)) || error.code === READ_ONLY);
}

export function isPassing(error: unknown): boolean {
  return isSqlError(error) && PASSING.test(error.code);
}

/** Returns true if the connection cannot be used again. */
export function isConnectionLost(error: unknown): boolean {
  return !isSqlError(error) || error.severity === 'FATAL' || error.severity === 'PANIC';
}

/** Returns true if the row's own values are the cause, not the table or a right. */
export function isFinal({ code }: SqlError): boolean {
  return code !== FOREIGN_KEY && (FINAL_CLASSES.has(code.slice(0, 2)) || FINAL_CODES.has(code));
}

export function rowRefusal(table: string, key: string, error: SqlError, column: string | undefined): StreamerError {
  const where = error.column ?? column;
  const parts = [
    `table ${table} refuses the row ${key}: ${where === undefined ? '' : `column "${where}": `}${error.message}`,
    error.constraint === undefined ? undefined : `constraint "${error.constraint}"`,
    error.detail,
  ];
  return new StreamerError('REFUSED', parts.filter((part) => part !== undefined).join('; '), { cause: error, retryable: !isFinal(error) });
}

/** For an event whose table cannot be written to: it may be repaired while the event is retried. */
export function tableRefusal(error: Error): StreamerError {
  const next = isStreamerError(error) ? error.next : undefined;
  return new StreamerError('REFUSED', `postgresUpsert: ${error.message}`, { cause: error, retryable: true, next });
}

/** For a failure that is waited for. */
export function outside(table: string, error: unknown): StreamerError {
  const message = error instanceof Error && error.message !== '' ? error.message : String(Object(error).code ?? error);
  return new StreamerError('UNAVAILABLE', `Postgres cannot write to ${table}: ${message}`, { cause: error, retryable: true });
}
