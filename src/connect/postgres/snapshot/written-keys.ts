import type { Converter } from '../../connect-data/converter.ts';
import { fromPlain } from '../../connect-data/from-plain.ts';
import { jsonWriter } from '../../connect-data/json-writer.ts';
import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';
import { fieldsOf, listOf } from '../../connect-data/value.ts';
import type { SourceContext, WrittenRecord } from '../../source.ts';
import type { Table } from '../events/table.ts';

// A snapshot deletes the keys that are gone. It reads the topics' own keys to the end, so that the topics are the only memory of which
// rows were there.

/** A key that stands in a topic, and whose row the snapshot has not read. */
export interface GoneKey {
  readonly bytes: Buffer;
  /** Undefined where the bytes are not a key of the table as it is now. */
  readonly value: readonly ConnectValue[] | undefined;
}

/**
 * The keys that a table's topic holds, without those that were deleted in it. A new snapshot takes out the keys of the rows that it
 * reads; what is left are rows that were deleted while nobody read the log. Holds all keys of one table in memory.
 *
 * Keys are compared by their content where the converter can decode them, so that another form of the same key is the same key.
 */
export class WrittenKeys {
  readonly #keys = new Map<string, GoneKey>();
  readonly #schema: ConnectSchema;
  readonly #converter: Converter;

  constructor(schema: ConnectSchema, converter: Converter) {
    this.#schema = schema;
    this.#converter = converter;
  }

  /** Reads the topic of a table. Undefined for a table without key, and where the host cannot read topics. */
  static async read(context: SourceContext, { topic, key }: Table, converter: Converter, isDeletion: DeletionTest) {
    if (key === undefined || context.written === undefined) return undefined;
    const keys = new WrittenKeys(key, converter);
    for await (const record of context.written([topic])) {
      if (record.key !== null) await keys.#take(record.key, topic, await isDeletion(record));
    }
    return keys;
  }

  get size(): number {
    return this.#keys.size;
  }

  async #take(bytes: Buffer, topic: string, isDeleted: boolean): Promise<void> {
    const value = await this.#decoded(bytes, topic);
    const name = value === undefined ? nameOfBytes(bytes) : this.#nameOf(value);
    if (isDeleted) this.#keys.delete(name);
    else this.#keys.set(name, { bytes, value });
  }

  async #decoded(bytes: Buffer, topic: string): Promise<readonly ConnectValue[] | undefined> {
    try {
      const plain: unknown = await this.#converter.decode?.(bytes, topic, 'key');
      const value = fromPlain(this.#schema, plain);
      return value === undefined || value === null || !hasSameFields(this.#schema, plain) ? undefined : listOf(value);
    } catch {
      // Bytes that are not a key of this form: they are compared as they are.
      return undefined;
    }
  }

  /** Takes out the key of a row that exists. */
  async found(key: readonly ConnectValue[], topic: string): Promise<void> {
    if (this.#keys.size === 0) return;
    this.#keys.delete(this.#nameOf(key));
    if (this.#converter.decode !== undefined) return;
    const bytes = await this.#converter.encode(this.#schema, key, topic, 'key');
    if (bytes !== null) this.#keys.delete(nameOfBytes(bytes));
  }

  /** Returns the keys whose rows are gone. */
  gone(): Iterable<GoneKey> {
    return this.#keys.values();
  }

  #nameOf(key: readonly ConnectValue[]): string {
    return jsonWriter(this.#schema)(key);
  }
}

function nameOfBytes(bytes: Buffer): string {
  return `bytes ${bytes.toString('base64')}`;
}

function hasSameFields(schema: ConnectSchema, plain: unknown): boolean {
  return typeof plain === 'object' && plain !== null && Object.keys(plain).length === fieldsOf(schema).length;
}

export type DeletionTest = (record: WrittenRecord) => boolean | Promise<boolean>;

/**
 * Returns a test for records that delete their key. With tombstones, these are enough. Without, the last record of a deleted key is
 * the delete itself, in the form that the options give it.
 */
export function deletionTest(converter: Converter, hasTombstones: boolean): DeletionTest {
  if (hasTombstones || converter.decode === undefined) return ({ value }) => value === null;
  return async ({ value, topic }) => {
    if (value === null) return true;
    const content: unknown = await converter.decode?.(value, topic, 'value');
    if (typeof content !== 'object' || content === null) return content === null;
    return ('op' in content && content.op === 'd') || ('__deleted' in content && content.__deleted === 'true');
  };
}
