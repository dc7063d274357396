import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';

/**
 * Returns the file that a model's thread runs, beside the calling module. Node 20 cannot load TypeScript in a worker: for sources,
 * it is the built file.
 *
 * @throws ConfigError from sources that were never built
 */
export function threadFile(moduleUrl: string): URL {
  if (!moduleUrl.endsWith('.ts')) return new URL('./thread-main.js', moduleUrl);
  const built = new URL('../../../dist/src/models/worker/thread-main.js', moduleUrl);
  if (existsSync(fileURLToPath(built))) return built;
  throw new ConfigError('A model cannot run in a thread of its own from TypeScript sources that were never built.', {
    next: 'Run `npm run build` first, or leave out `inThread`.',
  });
}
