import { StreamerError } from '../errors.ts';
import type { Serde, SerdeContext } from '../topics/index.ts';
import type { TableAccess, TableHost } from './access.ts';
import { isCutKey } from './changelog/cut-record.ts';
import type { DeclaredTable } from './declared-table.ts';
import type { StoreEntry } from './store/store.ts';
import type { EntriesOptions, OrderedTable, RangeOptions } from './table.ts';

/** Keys stay below what a disk store takes. */
const KEY_BYTES = 1_900;
/** `max.message.bytes` of brokers. */
const RECORD_BYTES = 1_048_588;
/** Of a batch of one record, with the envelope of its value. */
const OVERHEAD = 128;

export interface StateTableOptions<K, V> {
  readonly key: Serde<K, K>;
  readonly value: Serde<V, V>;
  readonly ordered?: boolean | undefined;
  readonly shardBy?: ((key: K) => unknown) | undefined;
}

/**
 * Every kind of table that agents write; the declared types show what each may do. A serde may hand on the bytes that it gets, as `bytes()`
 * does: then it works on copies, because nothing that a program keeps may change the table, or with it.
 */
export class StateTable<K, V> implements OrderedTable<K, V>, DeclaredTable {
  readonly '~reads' = true;
  readonly name: string;
  readonly changelog: string;
  recordBytes: number | undefined;
  readonly isOrdered: boolean;
  readonly #host: TableHost;
  readonly #options: StateTableOptions<K, V>;
  readonly #keyContext: SerdeContext;
  readonly #valueContext: SerdeContext;
  /** So far, values were numbers, texts and the like, which keep nothing of the bytes that they were read from. */
  #areFlat = true;

  /** @param changelog name of its changelog topic, for the serdes' errors and subjects */
  constructor(host: TableHost, name: string, changelog: string, options: StateTableOptions<K, V>) {
    this.#host = host;
    this.name = name;
    this.changelog = changelog;
    this.isOrdered = options.ordered === true;
    this.#options = options;
    this.#keyContext = { topic: changelog, part: 'key' };
    this.#valueContext = { topic: changelog, part: 'value' };
  }

  '~writes'(): void {}

  get ready(): DeclaredTable['ready'] {
    const { key, value } = this.#options;
    if (key.ready === undefined && value.ready === undefined) return undefined;
    return (keyBytes, valueBytes) => {
      const waits = [key.ready?.(keyBytes, this.#keyContext), value.ready?.(valueBytes, this.#valueContext)];
      return waits.every((wait) => wait === undefined) ? undefined : Promise.all(waits).then(() => {});
    };
  }

  get serdes(): DeclaredTable['serdes'] {
    return this.#options;
  }

  get(key: K): V | undefined {
    const { shard, state } = this.#host.access(this.name, 'read');
    const bytes = state.get(shard, this.#encodeKey(key));
    return bytes === undefined ? undefined : this.#decodeValue(bytes);
  }

  has(key: K): boolean {
    const { shard, state } = this.#host.access(this.name, 'read');
    return state.get(shard, this.#encodeKey(key)) !== undefined;
  }

  set(key: K, value: V): void {
    const access = this.#host.access(this.name, 'write');
    this.#write(access, key, this.#encodeKey(key), this.#encodeValue(value));
  }

  delete(key: K): boolean {
    const access = this.#host.access(this.name, 'write');
    const bytes = this.#encodeKey(key);
    const isThere = access.state.get(access.shard, bytes) !== undefined;
    this.#write(access, key, bytes, null);
    return isThere;
  }

  update(key: K, fn: (value: V | undefined) => V | undefined): V | undefined {
    const access = this.#host.access(this.name, 'write');
    const keyBytes = this.#encodeKey(key);
    const before = access.state.get(access.shard, keyBytes);
    const value = fn(before === undefined ? undefined : this.#decodeValue(before));
    if (value instanceof Promise) {
      throw this.#misuse('update takes a function that answers at once', 'Await before the update, and update with the result.');
    }
    if (value !== undefined || before !== undefined) {
      this.#write(access, key, keyBytes, value === undefined ? null : this.#encodeValue(value));
    }
    return value;
  }

  *entries({ prefix, limit = Number.POSITIVE_INFINITY }: EntriesOptions<K> = {}): Iterable<[K, V]> {
    const { shard, state } = this.#host.access(this.name, 'read');
    let left = limit;
    for (const entry of state.entries(shard, prefix === undefined ? undefined : Buffer.from(String(prefix), 'utf8'))) {
      if (left-- <= 0) return;
      yield this.#decoded(entry);
    }
  }

  *range({ from, to, limit = Number.POSITIVE_INFINITY, reverse = false }: RangeOptions<K> = {}): Iterable<[K, V]> {
    if (!this.isOrdered) throw this.#misuse('range needs a table that keeps an order', 'Declare it with { ordered: true }.');
    const { shard, state } = this.#host.access(this.name, 'read');
    const bound = (key: K | undefined) => (key === undefined ? undefined : this.#encodeKey(key));
    let left = limit;
    for (const entry of state.range(shard, bound(from), bound(to), reverse)) {
      if (left-- <= 0) return;
      yield this.#decoded(entry);
    }
  }

  #write(access: TableAccess, key: K, bytes: Buffer, value: Buffer | null): void {
    const { shardBy } = this.#options;
    access.checkWrite(this.name, shardBy === undefined ? key : shardBy(key));
    this.#checkSize(bytes.length + (value?.length ?? 0));
    access.state.set(access.shard, bytes, value);
  }

  /** Brokers refuse a batch that is larger; an entry alone must fit. */
  #checkSize(bytes: number): void {
    const most = (this.recordBytes ?? RECORD_BYTES) - OVERHEAD;
    if (bytes <= most) return;
    const problem = `table "${this.name}": an entry of ${bytes} bytes is too large: ${this.changelog} takes ${most}`;
    const next = 'Split the value over several keys, or raise the `max.message.bytes` of the changelog and start again.';
    throw new StreamerError('VALIDATION', problem, { next });
  }

  #encodeKey(key: K): Buffer {
    const bytes = owned(this.#atOnce(this.#options.key.encode(key, this.#keyContext), 'key'), key);
    if (bytes.length > KEY_BYTES)
      throw new StreamerError('VALIDATION', `table "${this.name}": a key of ${bytes.length} bytes is too long: at most ${KEY_BYTES}`);
    if (isCutKey(bytes))
      throw new StreamerError('VALIDATION', `table "${this.name}": the key ${JSON.stringify(String(bytes))} is reserved`);
    return bytes;
  }

  #encodeValue(value: V): Buffer {
    return owned(this.#atOnce(this.#options.value.encode(value, this.#valueContext), 'value'), value);
  }

  #decodeValue(bytes: Buffer): V {
    if (this.#areFlat) {
      const value = this.#atOnce(this.#options.value.decode(bytes, this.#valueContext), 'value');
      if (typeof value !== 'object') return value;
      this.#areFlat = false;
    }
    return this.#atOnce(this.#options.value.decode(Buffer.from(bytes), this.#valueContext), 'value');
  }

  #decoded({ key, value }: StoreEntry): [K, V] {
    return [this.#atOnce(this.#options.key.decode(Buffer.from(key), this.#keyContext), 'key'), this.#decodeValue(value)];
  }

  #atOnce<T>(result: T | Promise<T>, part: 'key' | 'value'): T {
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw this.#misuse(
      `its ${part} serde (${this.#options[part].name}) answers later, and a table reads and writes at once`,
      'Use one that does not ask anything while it encodes and decodes.',
    );
  }

  #misuse(problem: string, next: string): StreamerError {
    return new StreamerError('USAGE', `table "${this.name}": ${problem}`, { next });
  }
}

/** The bytes, or a copy where they may be the program's. */
function owned(bytes: Buffer, from: unknown): Buffer {
  return from instanceof Uint8Array ? Buffer.from(bytes) : bytes;
}
