import {
  chmodSync,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { Files, OpenFile } from './files.ts';

const dataSync = promisify(fdatasync);

/** The real file system. */
export const nodeFiles: Files = {
  open: (path) => new NodeFile(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)),
  size: (path) => statSync(path, { throwIfNoEntry: false })?.size,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  restrict: (path) => chmodSync(path, 0o700),
  rename: renameSync,
  removeFile: unlinkSync,
  removeFolder: (path) => rmSync(path, { recursive: true, force: true }),
  syncFolder(path) {
    // Windows cannot open a folder, and keeps its names without being asked.
    if (process.platform === 'win32') return;
    const fd = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};

class NodeFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  size(): number {
    return fstatSync(this.#fd).size;
  }

  read(into: Buffer, position: number): number {
    let done = 0;
    while (done < into.length) {
      const read = readSync(this.#fd, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  write(bytes: Buffer, position: number): number {
    return writeSync(this.#fd, bytes, 0, bytes.length, position);
  }

  truncate(length: number): void {
    ftruncateSync(this.#fd, length);
  }

  sync(): Promise<void> {
    return dataSync(this.#fd);
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
