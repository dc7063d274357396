import { ConfigError } from 'streamerjs';

/** Reads options or the environment. A bad value is the caller's mistake: exit code 2. */
export function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
