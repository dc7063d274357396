import type { DeclaredTable } from '../../tables/index.ts';

/** Confluent's wire format: a zero byte, then the schema's id. */
const MAGIC = 0;
const HEADER_BYTES = 5;

/**
 * Tables read and write at once. So what a serde asks a schema registry for, a schema by its id, is asked for while a table is
 * restored, once for each id in it.
 */
export class ValueResolver {
  readonly #table: DeclaredTable;
  readonly #ids = new Set<number>();

  constructor(table: DeclaredTable) {
    this.#table = table;
  }

  /** Returns a promise to wait for when the value has a schema that was not met before. */
  resolve(value: Buffer): Promise<void> | undefined {
    const { value: serde } = this.#table.serdes;
    if (serde.prepare === undefined || value.length < HEADER_BYTES || value[0] !== MAGIC) return undefined;
    const id = value.readUInt32BE(1);
    if (this.#ids.has(id)) return undefined;
    this.#ids.add(id);
    return this.#decode(Buffer.from(value));
  }

  async #decode(value: Buffer): Promise<void> {
    await this.#table.serdes.value.decode(value, { topic: this.#table.changelog, part: 'value' });
  }
}
