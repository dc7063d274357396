import { StreamerError } from '../../../errors.ts';
import { identifier, qualified, type TableName } from './sql.ts';

/** Returns the SQLSTATE of an error that the server reported. */
export function sqlState(error: unknown): string | undefined {
  const code = propertyOf(error, 'code');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Returns whether the server refused one statement, with the session going on. */
export function isStatementError(error: unknown): boolean {
  return propertyOf(error, 'severity') === 'ERROR';
}

/** An address of several hosts fails with several errors, and a message that is empty. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function propertyOf(error: unknown, name: 'code' | 'severity'): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  return name === 'code' ? 'code' in error && error.code : 'severity' in error && error.severity;
}

const INSUFFICIENT_PRIVILEGE = '42501';
const READ_ONLY_TRANSACTION = '25006';

/**
 * Returns the error with the statements that a role with the rights has to run, or undefined when it is about something else.
 *
 * @param role the one that is connected
 */
export function needsRights(error: unknown, statements: readonly string[], role = 'role'): StreamerError | undefined {
  const state = sqlState(error);
  const sql = statements.join('  ');
  if (state === INSUFFICIENT_PRIVILEGE) {
    const next = `Have the owner of the tables, or a superuser, run:  ${sql}`;
    return new StreamerError('REFUSED', messageOf(error), { cause: error, next });
  }
  if (state === READ_ONLY_TRANSACTION) {
    const next = `The role "${role}" may only read here. Have a role that may write run:  ${sql}  or let this one write:  alter role ${identifier(role)} set default_transaction_read_only = off;`;
    return new StreamerError('REFUSED', messageOf(error), { cause: error, next });
  }
  return undefined;
}

/** Returns the statement that lets a role make a slot. */
export function replicationGrant(role: string): string {
  return `alter role ${identifier(role)} replication;`;
}

export function bypassGrant(role: string): string {
  return `alter role ${identifier(role)} bypassrls;`;
}

/** Returns the statements that let a role read a table. */
export function selectGrants(role: string, table: TableName): string[] {
  return [
    `grant usage on schema ${identifier(table.schema)} to ${identifier(role)};`,
    `grant select on ${qualified(table)} to ${identifier(role)};`,
  ];
}
