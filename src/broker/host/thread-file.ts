import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';

/**
 * The file that a broker's thread runs, beside the module that asks. Node 20 cannot load TypeScript in a worker: from
 * sources, the built file is taken.
 *
 * @param moduleUrl URL of a module in `src/broker/host` or `dist/src/broker/host`
 * @throws ConfigError from sources that were never built
 */
export function threadFile(moduleUrl: string): URL {
  if (!moduleUrl.endsWith('.ts')) return new URL('./thread-main.js', moduleUrl);
  const built = new URL('../../../dist/src/broker/host/thread-main.js', moduleUrl);
  if (existsSync(fileURLToPath(built))) return built;
  throw new ConfigError('The broker cannot run in a thread of its own from TypeScript sources that were never built.', {
    next: 'Run `npm run build` first, or use startBroker, which stays in the same thread.',
  });
}
