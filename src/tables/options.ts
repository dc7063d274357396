import { ConfigError } from '../errors.ts';
import { aFunction, type ChecksOf, checkOptions, that, truth } from '../options/index.ts';

/** Table options, types erased. */
interface AnyTableOptions {
  readonly key: unknown;
  readonly value: unknown;
  readonly ordered?: unknown;
  readonly shardBy?: unknown;
}

const aSerde = that('a serde, as string() or json(schema)', isSerde);

const TABLE: ChecksOf<AnyTableOptions> = { key: aSerde, value: aSerde, ordered: truth, shardBy: aFunction };

/** @throws ConfigError */
export function checkTable(name: string, options: AnyTableOptions): void {
  if (!/^[a-zA-Z0-9._-]{1,100}$/.test(name)) {
    throw new ConfigError(`table name ${JSON.stringify(name)} is not allowed: 1 to 100 letters, digits, ".", "_" or "-"`);
  }
  const where = `table "${name}"`;
  checkOptions<AnyTableOptions>(where, options, TABLE);
  const missing = (['key', 'value'] as const).filter((part) => options[part] === undefined);
  const later = (['key', 'value'] as const).filter((part) => isAsynchronous(options[part]));
  if (later.length > 0) {
    throw new ConfigError(later.map((part) => `${where}: ${part}: its serde answers later, and a table reads and writes at once`));
  }
  if (missing.length > 0) throw new ConfigError(missing.map((part) => `${where}: ${part}: expected ${aSerde.expected}, got undefined`));
}

/** Written as `async`: it never answers at once. */
function isAsynchronous(serde: unknown): boolean {
  if (typeof serde !== 'object' || serde === null) return false;
  return Object.values(serde).some((part) => typeof part === 'function' && part.constructor.name === 'AsyncFunction' && isCodec(part.name));
}

function isCodec(name: string): boolean {
  return name === 'encode' || name === 'decode';
}

function isSerde(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'encode' in value && typeof value.encode === 'function' && 'decode' in value;
}
