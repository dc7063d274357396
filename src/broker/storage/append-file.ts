import { writeAll } from './files.ts';
import type { HandlePool } from './handle-pool.ts';

// Only `fdatasync` leaves the thread: an append is one synchronous call, so that it either stands or throws.

/**
 * A file that only grows at its end, and whose end is known: what a failed write left behind it is cut away before
 * anything else is written there, so that the file holds whole entries and nothing between them.
 */
export class AppendFile {
  readonly path: string;
  readonly #pool: HandlePool;
  #end: number;
  /** At first too: what is beyond the known end of a file that was there. */
  #hasRest = true;

  /** @param end bytes of the file that count */
  constructor(pool: HandlePool, path: string, end: number) {
    this.#pool = pool;
    this.path = path;
    this.#end = end;
  }

  get size(): number {
    return this.#end;
  }

  /** All of it or nothing. */
  append(bytes: Buffer): void {
    const file = this.#pool.use(this.path);
    if (this.#hasRest) this.#trim();
    try {
      writeAll(file, bytes, this.#end);
    } catch (error) {
      this.#hasRest = true;
      this.#tryTrim();
      throw error;
    }
    this.#end += bytes.length;
  }

  read(into: Buffer, position: number): number {
    return this.#pool.use(this.path).read(into, position);
  }

  /** Takes back what is beyond `size`; on the disk later, where the disk refuses now. */
  cutTo(size: number): void {
    this.#end = size;
    this.#hasRest = true;
    this.#tryTrim();
  }

  /** Makes the file, or empties it. */
  create(): void {
    this.#trim();
  }

  sync(): Promise<void> {
    return this.#pool.sync(this.path);
  }

  syncNow(): void {
    this.#pool.use(this.path).syncNow();
  }

  close(): void {
    this.#pool.forget(this.path);
  }

  #trim(): void {
    this.#pool.use(this.path).truncate(this.#end);
    this.#hasRest = false;
  }

  #tryTrim(): void {
    try {
      this.#trim();
    } catch {
      // Tried again before the next write.
    }
  }
}
