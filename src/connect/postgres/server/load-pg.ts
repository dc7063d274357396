import { ConfigError } from '../../../errors.ts';

/** Loads the optional peer dependency. @throws ConfigError when it is not installed */
export async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    throw new ConfigError('reading from PostgreSQL needs the package "pg", which is not installed', {
      cause,
      next: 'Install it: npm install pg',
    });
  }
}
