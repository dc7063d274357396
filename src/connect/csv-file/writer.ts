import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError } from '../../errors.ts';
import { libraryLog } from '../../observe/index.ts';
import { aFunction, checkOptions, refuse, sentence, that } from '../../options/index.ts';
import { type Event, SerdeError } from '../../topics/index.ts';
import { delimiter } from '../csv/options.ts';
import { type SinkWriter, WRITTEN, type WriteOutcome } from '../sink-writer.ts';
import { type CsvDelimiter, csvLine } from './line.ts';
import { wholeRows } from './whole-rows.ts';

const log = libraryLog('sink');

export interface CsvFileWriterOptions<K, V> {
  /** Names of the columns, in order; also the header. */
  readonly columns: readonly string[];
  /** The cells of an event by column; `undefined` passes it over. @default the value, which must be an object */
  readonly row?: ((value: V, event: Event<K, V>) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** @default ',' */
  readonly delimiter?: CsvDelimiter | undefined;
}

const columnNames = that('a list of at least one name, and none twice', (value) =>
  Array.isArray(value) ? value.length > 0 && new Set(value).size === value.length : false,
);

/** Appends events to a CSV file (RFC 4180, UTF-8); see `csvFileSink`. */
export function csvFileWriter<K, V>(file: string, options: CsvFileWriterOptions<K, V>): SinkWriter<K, V> {
  checkOptions<CsvFileWriterOptions<K, V>>('csvFileSink', options, { columns: columnNames, row: aFunction, delimiter });
  if (options.columns === undefined) refuse('csvFileSink', [sentence('columns', columnNames.expected, undefined)]);
  return new CsvFileWriter(file, options.columns, options.row, options.delimiter ?? ',');
}

class CsvFileWriter<K, V> implements SinkWriter<K, V> {
  readonly name = 'csvFileSink';
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #row: CsvFileWriterOptions<K, V>['row'];
  readonly #delimiter: CsvDelimiter;
  #counts = { written: 0, passed: 0, refused: 0 };
  #handle: FileHandle | undefined;
  /** Partitions share the file: one write after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, columns: readonly string[], row: CsvFileWriterOptions<K, V>['row'], delimiter: CsvDelimiter) {
    this.#file = file;
    this.#columns = columns;
    this.#row = row;
    this.#delimiter = delimiter;
  }

  async open(): Promise<void> {
    try {
      const header = csvLine(
        this.#columns.map((name) => ({ name, value: name })),
        this.#delimiter,
      );
      this.#handle = await open(this.#file, 'a+');
      const { size } = await this.#handle.stat();
      if (!(await this.#hasHeader(this.#handle, size, header))) await this.#handle.appendFile(header);
    } catch (error) {
      await this.close();
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`csvFileSink: cannot write ${this.#file}: ${messageOf(error)}`, { cause: error });
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
      // All are written again: half of them must not be in the file twice.
      await handle.truncate(size).catch(() => {});
      throw error;
    }
    this.#counts.written += lines.length;
    return outcomes;
  }

  #lineOf(event: Event<K, V>): string | undefined {
    if (event.value === null) return undefined;
    const cells: unknown = this.#row === undefined ? event.value : this.#row(event.value, event);
    if (cells === undefined) return undefined;
    if (typeof cells !== 'object' || cells === null)
      throw new SerdeError('VALIDATION', 'value: expected an object with the cells of a row');
    const own = new Map<string, unknown>(Object.entries(cells));
    return csvLine(
      this.#columns.map((name) => ({ name, value: own.get(name) })),
      this.#delimiter,
    );
  }

  /**
   * Cuts what a crash has left of a row, and of the header.
   *
   * @throws ConfigError when the file has other columns
   */
  async #hasHeader(handle: FileHandle, size: number, header: string): Promise<boolean> {
    const start = Buffer.alloc(Math.min(size, Buffer.byteLength(header)));
    await handle.read(start, 0, start.length, 0);
    if (!Buffer.from(header).subarray(0, start.length).equals(start)) {
      throw new ConfigError(`csvFileSink: ${this.#file} has other columns than ${this.#columns.join(', ')}`, {
        next: 'Name another file, or its own columns.',
      });
    }
    const end = await wholeRows(handle, size);
    if (end < size) {
      log.warning('{file}: cut the last {bytes} bytes, which are not a whole row', { file: this.#file, bytes: size - end });
      await handle.truncate(end);
    }
    return end > 0;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
