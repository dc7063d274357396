import { ConfigError } from 'streamerjs';

/** Reads options or the environment: what cannot be used is a mistake of whoever called, exit code 2. */
export function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
