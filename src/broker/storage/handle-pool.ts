import type { Files, OpenFile } from './files.ts';

interface Entry {
  readonly file: OpenFile;
  /** Calls under way that need it open. */
  pins: number;
  isForgotten: boolean;
}

/** Open files, at most `capacity` of them but for those in use; the one not used for longest is closed first. */
export class HandlePool {
  readonly files: Files;
  readonly #capacity: number;
  /** The one used last is at the end. */
  readonly #entries = new Map<string, Entry>();

  constructor(files: Files, capacity: number) {
    this.files = files;
    this.#capacity = capacity;
  }

  get openCount(): number {
    return this.#entries.size;
  }

  /** The open file; not to be kept beyond the current call. */
  use(path: string): OpenFile {
    return this.#entry(path).file;
  }

  async sync(path: string): Promise<void> {
    const entry = this.#entry(path);
    entry.pins += 1;
    try {
      await entry.file.sync();
    } finally {
      entry.pins -= 1;
      if (entry.isForgotten && entry.pins === 0) entry.file.close();
    }
  }

  /** Closes the file, before it is renamed or removed. */
  forget(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    this.#entries.delete(path);
    entry.isForgotten = true;
    if (entry.pins === 0) entry.file.close();
  }

  close(): void {
    for (const path of [...this.#entries.keys()]) this.forget(path);
  }

  #entry(path: string): Entry {
    const known = this.#entries.get(path);
    if (known !== undefined) {
      this.#entries.delete(path);
      this.#entries.set(path, known);
      return known;
    }
    this.#makeRoom();
    const entry = { file: this.files.open(path), pins: 0, isForgotten: false };
    this.#entries.set(path, entry);
    return entry;
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#capacity) return;
    for (const [path, { pins }] of this.#entries) {
      if (pins > 0) continue;
      this.forget(path);
      return;
    }
  }
}
