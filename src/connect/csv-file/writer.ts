import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError } from '../../errors.ts';
import { type Event, SerdeError } from '../../topics/index.ts';
import { type SinkWriter, WRITTEN, type WriteOutcome } from '../sink-writer.ts';

export interface CsvFileWriterOptions<K, V> {
  /** Names of the columns, in order; also the header. */
  readonly columns: readonly string[];
  /** The cells of an event by column; `undefined` passes it over. @default the value, which must be an object */
  readonly row?: ((value: V, event: Event<K, V>) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** @default ',' */
  readonly delimiter?: ',' | ';' | '\t' | undefined;
}

/** Appends events to a CSV file (RFC 4180, UTF-8); see `csvFileSink`. */
export function csvFileWriter<K, V>(file: string, options: CsvFileWriterOptions<K, V>): SinkWriter<K, V> {
  const { columns, row, delimiter = ',', ...unknown } = options;
  const problems = Object.keys(unknown).map((name) => `unknown option "${name}"`);
  if (!Array.isArray(columns) || columns.length === 0 || new Set(columns).size < columns.length)
    problems.push('columns must name at least one, and none twice');
  if (![',', ';', '\t'].includes(delimiter)) problems.push(`delimiter must be a comma, semicolon or tab, got ${JSON.stringify(delimiter)}`);
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `csvFileSink: ${problem}`));
  return new CsvFileWriter(file, { columns, row, delimiter });
}

class CsvFileWriter<K, V> implements SinkWriter<K, V> {
  readonly name = 'csvFileSink';
  readonly #file: string;
  readonly #options: CsvFileWriterOptions<K, V> & { readonly delimiter: string };
  #counts = { written: 0, passed: 0, refused: 0 };
  #handle: FileHandle | undefined;
  /** Partitions share the file: one write after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, options: CsvFileWriterOptions<K, V> & { readonly delimiter: string }) {
    this.#file = file;
    this.#options = options;
  }

  async open(): Promise<void> {
    const header = this.#line(this.#options.columns);
    try {
      this.#handle = await open(this.#file, 'a+');
      const { size } = await this.#handle.stat();
      if (size === 0) await this.#handle.appendFile(header);
      else await this.#check(this.#handle, size, header);
    } catch (error) {
      await this.close();
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`csvFileSink: cannot write ${this.#file}: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await this.#last.catch(() => {});
    await handle?.close();
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  write(events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]> {
    const next = this.#last.catch(() => {}).then(() => this.#append(events));
    this.#last = next;
    return next;
  }

  async #append(events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${this.#file} is closed`);
    const lines: string[] = [];
    const outcomes = events.map((event): WriteOutcome => {
      try {
        const line = this.#lineOf(event);
        if (line === undefined) this.#counts.passed++;
        else lines.push(line);
        return WRITTEN;
      } catch (error) {
        this.#counts.refused++;
        return { state: 'refused', error };
      }
    });
    if (lines.length === 0) return outcomes;
    const { size } = await handle.stat();
    try {
      await handle.appendFile(lines.join(''));
      await handle.datasync();
    } catch (error) {
      // All come again: half of them must not stand there twice.
      await handle.truncate(size).catch(() => {});
      throw error;
    }
    this.#counts.written += lines.length;
    return outcomes;
  }

  #lineOf(event: Event<K, V>): string | undefined {
    if (event.value === null) return undefined;
    const { row, columns } = this.#options;
    const cells = row === undefined ? event.value : row(event.value, event);
    if (cells === undefined) return undefined;
    if (typeof cells !== 'object' || cells === null)
      throw new SerdeError('VALIDATION', 'value: expected an object with the cells of a row');
    return this.#line(columns.map((name) => (cells as Record<string, unknown>)[name]));
  }

  #line(cells: readonly unknown[]): string {
    return `${cells.map((cell) => quoted(textOf(cell), this.#options.delimiter)).join(this.#options.delimiter)}\n`;
  }

  /** A crash may have left half a line; and the columns must be those that are there. */
  async #check(handle: FileHandle, size: number, header: string): Promise<void> {
    const start = Buffer.alloc(Math.min(size, Buffer.byteLength(header)));
    await handle.read(start, 0, start.length, 0);
    if (start.toString('utf8') !== header) {
      throw new ConfigError(`csvFileSink: ${this.#file} has other columns than ${this.#options.columns.join(', ')}`, {
        next: 'Name another file, or its own columns.',
      });
    }
    const end = await lastLineEnd(handle, size);
    if (end < size) await handle.truncate(end);
  }
}

const CHUNK = 64 * 1024;

/** Position behind the last line end. */
async function lastLineEnd(handle: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK);
  for (let to = size; to > 0; to -= CHUNK) {
    const from = Math.max(0, to - CHUNK);
    const { bytesRead } = await handle.read(chunk, 0, to - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function quoted(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
