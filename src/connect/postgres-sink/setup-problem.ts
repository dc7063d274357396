import { ConfigError, isStreamerError } from '../../errors.ts';
import { createDeleted } from './guard.ts';
import { isSqlError } from './sql-error.ts';

const NEXT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '28000': 'Check the user in `url`, and pg_hba.conf on the server.',
    '28P01': 'Check user and password in `url`.',
    '3D000': 'Create the database, or name another one in `url`.',
    '42501': `Grant the right, or have somebody with the right run:\n  ${createDeleted}`,
    '3F000': 'Create the schema, or name another one in `table`.',
  }),
);

/** What was wrong at the start and stays so; `undefined` when the database could not be reached, or may be later. */
export function setupProblem(error: unknown): ConfigError | undefined {
  const cause = isStreamerError(error) && error.code === 'UNAVAILABLE' ? error.cause : error;
  if (cause instanceof ConfigError) return cause;
  const next = isSqlError(cause) ? NEXT.get(cause.code) : undefined;
  return next === undefined || !isSqlError(cause) ? undefined : new ConfigError(`postgresUpsert: ${cause.message}`, { cause, next });
}
