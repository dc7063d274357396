import { dirname } from 'node:path';

/**
 * What the storage asks of a file system. Calls are synchronous, but for `sync`: a write goes to the page cache and takes
 * microseconds, less than a trip through Node's thread pool; only the disk itself is worth waiting for. Tests put a
 * simulated disk behind this that fails and crashes.
 *
 * All of it throws the system's errors (`ENOSPC`, `EIO`, ...) as they come.
 */
export interface Files {
  /** Opens for reading and writing; an absent file is made. */
  open(path: string): OpenFile;
  /** Bytes of the file; undefined when there is none. */
  size(path: string): number | undefined;
  /** Names in a folder; none when the folder is absent. */
  list(folder: string): readonly string[];
  /** With its parents, for this user alone; no error when it is there. */
  makeFolder(path: string): void;
  /** Lets this user alone into the folder. */
  restrict(path: string): void;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): void;
  removeFile(path: string): void;
  /** With all that is in it; no error when it is absent. */
  removeFolder(path: string): void;
  /** Makes the folder's list of names durable: files made, renamed and removed. */
  syncFolder(path: string): void;
}

export interface OpenFile {
  size(): number;
  /** Fills `into` from `position` on. @returns bytes read, fewer only at the end of the file */
  read(into: Buffer, position: number): number;
  /** @returns bytes written, which may be fewer than given */
  write(bytes: Buffer, position: number): number;
  truncate(length: number): void;
  /** Makes what is written durable (fdatasync), off the thread. */
  sync(): Promise<void>;
  /** The same, waited for by the thread. */
  syncNow(): void;
  close(): void;
}

export function writeAll(file: OpenFile, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const written = file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (written <= 0) throw new Error(`nothing was written of ${bytes.length - done} bytes`);
    done += written;
  }
}

/** The whole file; undefined when there is none. */
export function readWhole(files: Files, path: string): Buffer | undefined {
  const size = files.size(path);
  if (size === undefined) return undefined;
  const file = files.open(path);
  try {
    const bytes = Buffer.allocUnsafeSlow(size);
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/** Writes `bytes` beside the file that they will replace, and syncs them: all of it that may fail for lack of room. */
export function prepareFile(files: Files, path: string, bytes: Buffer): void {
  const file = files.open(`${path}.tmp`);
  try {
    file.truncate(0);
    writeAll(file, bytes, 0);
    file.syncNow();
  } finally {
    file.close();
  }
}

/** Puts what was prepared in the file's place: after a crash at any moment it is either the old one or the new one, whole. */
export function commitFile(files: Files, path: string): void {
  files.rename(`${path}.tmp`, path);
  files.syncFolder(dirname(path));
}
