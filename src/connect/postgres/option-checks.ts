import {
  aFunction,
  anything,
  type Check,
  type ChecksOf,
  durationMs,
  fields,
  oneOf,
  problemsIn,
  that,
  truth,
  wholeNumber,
} from '../../options/index.ts';
import { unwrapProblems } from './events/unwrap-options.ts';
import type { PostgresChangesOptions } from './options.ts';
import { isTable } from './table-option.ts';

/** Never shows the value: it has a password. */
const address: Check = {
  expected: 'an address like postgresql://user:password@host:5432/database',
  fits: (value) => /^postgres(?:ql)?:\/\//.test(String(value)),
  problems: (name, value) => (address.fits(value) ? [] : [`${name}: expected ${address.expected}`]),
};

const tables: Check = {
  expected: 'names of tables, at least one, as ["public.cars"]',
  fits: (value) => Array.isArray(value) && value.length > 0,
  problems: (name, value) => {
    if (!Array.isArray(value) || value.length === 0) return [`${name}: expected ${tables.expected}, got ${JSON.stringify(value)}`];
    return value
      .filter((table: unknown) => typeof table !== 'string' || !isTable(table))
      .map((table: unknown) => `${name}: expected a table as "public.cars" or "cars", got ${JSON.stringify(table)}`);
  },
};

const unwrapping: Check = {
  expected: 'true, false or an object',
  fits: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
  problems: (name, value) => {
    if (typeof value === 'boolean') return [];
    return typeof value === 'object' && value !== null ? unwrapProblems(name, value) : [`${name}: expected ${unwrapping.expected}`];
  },
};

const OPERATIONS = ['c', 'u', 'd', 't'];

const CHECKS: ChecksOf<PostgresChangesOptions> = {
  url: address,
  prefix: that('1 to 150 letters, digits, ".", "_" or "-"', (value) => /^[a-zA-Z0-9._-]{1,150}$/.test(String(value))),
  tables,
  slot: that('1 to 54 lower-case letters, digits or "_"', isSlot),
  publication: that('a name of 1 to 63 bytes', (value) => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 63),
  snapshot: oneOf(['initial', 'never']),
  onTableReplaced: oneOf(['stop', 'snapshot']),
  onSlotLost: oneOf(['stop', 'snapshot']),
  converter: that(
    'a converter, with the function encode',
    (value) => typeof value === 'object' && value !== null && 'encode' in value && aFunction.fits(value.encode),
  ),
  schemas: truth,
  unwrap: unwrapping,
  tombstones: truth,
  skip: that('a list of "c", "u", "d" and "t"', (value) => Array.isArray(value) && value.every((op) => OPERATIONS.includes(op))),
  messages: truth,
  contextHeaders: truth,
  decimals: oneOf(['precise', 'string', 'double']),
  times: oneOf(['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds']),
  binary: oneOf(['bytes', 'base64', 'base64-url-safe', 'hex']),
  intervals: oneOf(['numeric', 'string']),
  hstore: oneOf(['map', 'json']),
  unknownTypes: truth,
  pollMs: durationMs(1),
  heartbeatMs: durationMs(100),
  topics: fields({ partitions: wholeNumber(1), configs: anything }),
};

/** Returns everything that is wrong, a sentence each. */
export function problemsOf(options: PostgresChangesOptions, defaultSlot: string): string[] {
  const { url, prefix, tables: given, ...others } = options;
  return problemsIn({ slot: defaultSlot, ...others, url: url ?? '', prefix: prefix ?? '', tables: given ?? [] }, CHECKS);
}

function isSlot(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9_]{1,54}$/.test(value);
}
