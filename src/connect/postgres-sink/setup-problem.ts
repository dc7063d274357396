import { ConfigError, isStreamerError } from '../../errors.ts';
import { createDeleted } from './guard.ts';
import type { SqlError } from './sql-error.ts';

const NEXT: Readonly<Record<string, string>> = {
  '28000': 'Check the user in `url`, and pg_hba.conf on the server.',
  '28P01': 'Check user and password in `url`.',
  '3D000': 'Create the database, or name another one in `url`.',
  '42501': `Grant the right, or let somebody who has it run:\n  ${createDeleted}`,
  '3F000': 'Create the schema, or name another one in `table`.',
};

/** What was wrong at the start that no waiting will mend; `undefined` when the database could not be reached, or may be later. */
export function setupProblem(error: unknown): ConfigError | undefined {
  const cause = isStreamerError(error) && error.code === 'UNAVAILABLE' ? error.cause : error;
  if (isStreamerError(cause) && cause.code === 'CONFIG') return cause as ConfigError;
  const { code, message } = cause as SqlError;
  const next = NEXT[code ?? ''];
  return next === undefined ? undefined : new ConfigError(`postgresUpsert: ${message}`, { cause, next });
}
