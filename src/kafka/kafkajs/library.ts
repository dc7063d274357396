import { createRequire } from 'node:module';
import type * as Kafkajs from 'kafkajs';
import { ConfigError } from '../../errors.ts';
import { applyFixes } from './fixes/index.ts';

export type Library = typeof Kafkajs;

const PINNED = '2.2.4';
const load = createRequire(import.meta.url);

let library: Library | undefined;

export const LIBRARY_NAME = `kafkajs ${PINNED}`;

/**
 * kafkajs with our fixes in place. It is loaded on first use, so that importing this package neither reads it nor
 * patches it.
 */
export function loadLibrary(): Library {
  library ??= loadOnce();
  return library;
}

function loadOnce(): Library {
  assertVersion((load('kafkajs/package.json') as { version: string }).version);
  applyFixes(load);
  return load('kafkajs') as Library;
}

/** The fixes reach into the package's own files, so another version may break without a sound. */
export function assertVersion(version: string): void {
  if (version === PINNED) return;
  throw new ConfigError(`kafkajs ${version} is installed, but the Kafka driver is built for exactly ${PINNED}`, {
    next: `Install it: npm install kafkajs@${PINNED} --save-exact`,
  });
}
