import { dirname } from 'node:path';
import type { Files, OpenFile } from '../../../src/broker/storage/files.ts';

/** The process is gone: nothing it calls has an effect any more. */
export class Crash extends Error {}

export type Fault =
  /** The call fails; of a write, `part` of the bytes may have been written. */
  | { readonly kind: 'fail'; readonly code: 'ENOSPC' | 'EIO'; readonly part: number }
  /** A write takes `part` of the bytes, and says so. */
  | { readonly kind: 'short'; readonly part: number }
  /** A write is cut after `part` of the bytes, and the process ends. */
  | { readonly kind: 'crash'; readonly part: number };

interface Change {
  readonly position: number;
  /** Undefined for a truncation to `position`. */
  readonly bytes?: Buffer;
  /** `lost`: a sync failed, and no later one will write it. */
  fate: 'pending' | 'synced' | 'lost';
}

interface SimFile {
  content: Buffer;
  changes: Change[];
}

interface NameChange {
  readonly folders: readonly string[];
  readonly puts: readonly (readonly [path: string, file: SimFile | 'folder' | undefined])[];
}

/**
 * A disk in memory that knows what a power cut may take: contents since their last sync, and names since the last sync of
 * their folder. Faults strike at the numbered calls of `faults`.
 */
export class SimDisk implements Files {
  readonly faults = new Map<number, Fault>();
  /** Every write and truncation fails with ENOSPC while it is set, but for truncations that give room. */
  isFull = false;
  calls = 0;
  /** No faults strike while a test looks at what is there. */
  isCalm = false;
  isCrashed = false;
  #names = new Map<string, SimFile | 'folder'>();
  #durableNames = new Map<string, SimFile | 'folder'>();
  #nameChanges: NameChange[] = [];

  open(path: string): OpenFile {
    this.#strike();
    const known = this.#names.get(path);
    if (known === 'folder') throw failure('EISDIR');
    const file = known ?? { content: Buffer.alloc(0), changes: [] };
    if (known === undefined) {
      if (this.#names.get(dirname(path)) !== 'folder') throw failure('ENOENT');
      this.#changeNames([[path, file]], [dirname(path)]);
    }
    return this.#handle(file);
  }

  size(path: string): number | undefined {
    this.#alive();
    const file = this.#names.get(path);
    return file === undefined || file === 'folder' ? undefined : file.content.length;
  }

  list(folder: string): string[] {
    this.#alive();
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === folder && path !== folder)
      .map((path) => path.slice(folder.length + 1));
  }

  restrict(): void {}

  makeFolder(path: string): void {
    this.#strike();
    if (this.#names.get(path) === 'folder') return;
    if (dirname(path) !== path && dirname(path) !== '/') this.makeFolder(dirname(path));
    this.#changeNames([[path, 'folder']], [dirname(path)]);
  }

  rename(from: string, to: string): void {
    this.#strike();
    const moved = this.#under(from);
    if (moved.length === 0) throw failure('ENOENT');
    const puts = moved.flatMap(([path, file]) => [[path, undefined] as const, [to + path.slice(from.length), file] as const]);
    this.#changeNames(puts, [dirname(from), dirname(to)]);
  }

  removeFile(path: string): void {
    this.#strike();
    if (!this.#names.has(path)) throw failure('ENOENT');
    this.#changeNames([[path, undefined]], [dirname(path)]);
  }

  removeFolder(path: string): void {
    this.#strike();
    const puts = this.#under(path).map(([name]) => [name, undefined] as const);
    if (puts.length > 0) this.#changeNames(puts, [dirname(path)]);
  }

  syncFolder(path: string): void {
    this.#strike();
    for (const change of this.#nameChanges.filter(({ folders }) => folders.includes(path))) this.#settle(change);
    this.#nameChanges = this.#nameChanges.filter(({ folders }) => !folders.includes(path));
  }

  /**
   * What is found after the process, or the power, is gone.
   *
   * @param keep of `n` changes that were not synced, how many the disk has; all of them when the power stayed on
   */
  reopen(mode: 'kill' | 'power', keep: (n: number) => number): SimDisk {
    this.isCrashed = true;
    const next = new SimDisk();
    if (mode === 'kill') {
      next.#names = this.#names;
      next.#durableNames = this.#durableNames;
      next.#nameChanges = this.#nameChanges;
      // What a failed sync left in the page cache cannot be told from good data by the process that comes next: a kill
      // just then and a power cut after it are one fault more than is promised against.
      for (const file of this.#names.values())
        if (file !== 'folder') for (const one of file.changes) if (one.fate === 'lost') one.fate = 'pending';
      return next;
    }
    const names = this.#namesAfterPowerCut(keep);
    const copies = new Map<SimFile, SimFile>();
    for (const [path, file] of names) {
      if (file === 'folder') next.#names.set(path, file);
      else {
        const content = contentAfterPowerCut(file, keep);
        const copy = copies.get(file) ?? { content, changes: [{ position: 0, bytes: content, fate: 'synced' }] };
        copies.set(file, copy);
        next.#names.set(path, copy);
      }
    }
    next.#durableNames = new Map(next.#names);
    return next;
  }

  #namesAfterPowerCut(keep: (n: number) => number): Map<string, SimFile | 'folder'> {
    for (const change of this.#nameChanges.slice(0, keep(this.#nameChanges.length))) this.#settle(change);
    const names = this.#durableNames;
    // A name in a folder that is not there is not there.
    const isThere = (path: string): boolean => dirname(path) === '/' || (names.get(dirname(path)) === 'folder' && isThere(dirname(path)));
    return new Map([...names].filter(([path]) => isThere(path)));
  }

  #handle(file: SimFile): OpenFile {
    return {
      size: () => file.content.length,
      read: (into, position) => {
        this.#alive();
        return position >= file.content.length ? 0 : file.content.copy(into, 0, position);
      },
      write: (bytes, position) => this.#write(file, bytes, position),
      truncate: (length) => {
        if (this.isFull && length > file.content.length) throw failure('ENOSPC');
        this.#strike();
        change(file, { position: length, fate: 'pending' });
      },
      sync: async () => {
        const covered = file.changes.filter(({ fate }) => fate === 'pending');
        await Promise.resolve();
        this.#sync(covered);
      },
      syncNow: () => this.#sync(file.changes.filter(({ fate }) => fate === 'pending')),
      close: () => {},
    };
  }

  #write(file: SimFile, bytes: Buffer, position: number): number {
    this.#alive();
    const fault = this.isFull ? ({ kind: 'fail', code: 'ENOSPC', part: 0.5 } as const) : this.#nextFault();
    const part = fault === undefined ? bytes.length : Math.floor(bytes.length * fault.part);
    const length = fault?.kind === 'short' ? Math.max(part, 1) : part;
    if (length > 0) change(file, { position, bytes: Buffer.from(bytes.subarray(0, length)), fate: 'pending' });
    if (fault?.kind === 'fail') throw failure(fault.code);
    if (fault?.kind === 'crash') this.#crash();
    return length;
  }

  #sync(covered: readonly Change[]): void {
    this.#alive();
    const fault = this.#nextFault();
    if (fault?.kind === 'crash') this.#crash();
    for (const one of covered) one.fate = fault?.kind === 'fail' ? 'lost' : 'synced';
    if (fault?.kind === 'fail') throw failure('EIO');
  }

  #strike(): void {
    this.#alive();
    const fault = this.#nextFault();
    if (fault?.kind === 'crash') this.#crash();
    if (fault?.kind === 'fail') throw failure(fault.code);
  }

  #alive(): void {
    if (this.isCrashed) throw new Crash('the process is gone');
  }

  #nextFault(): Fault | undefined {
    return this.isCalm ? undefined : this.faults.get(this.calls++);
  }

  #crash(): never {
    this.isCrashed = true;
    throw new Crash('crashed');
  }

  #under(path: string): [string, SimFile | 'folder'][] {
    return [...this.#names].filter(([name]) => name === path || name.startsWith(`${path}/`));
  }

  #changeNames(puts: NameChange['puts'], folders: readonly string[]): void {
    for (const [path, file] of puts) put(this.#names, path, file);
    this.#nameChanges.push({ folders, puts });
  }

  #settle({ puts }: NameChange): void {
    for (const [path, file] of puts) put(this.#durableNames, path, file);
  }
}

function put(names: Map<string, SimFile | 'folder'>, path: string, file: SimFile | 'folder' | undefined): void {
  if (file === undefined) names.delete(path);
  else names.set(path, file);
}

function change(file: SimFile, one: Change): void {
  file.changes.push(one);
  file.content = applied(file.content, one);
}

function applied(content: Buffer, { position, bytes }: Change): Buffer {
  if (bytes === undefined) return Buffer.concat([content.subarray(0, position)], position);
  const result = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(result);
  bytes.copy(result, position);
  return result;
}

function contentAfterPowerCut(file: SimFile, keep: (n: number) => number): Buffer {
  const pending = file.changes.filter(({ fate }) => fate === 'pending');
  const kept = new Set(pending.slice(0, keep(pending.length)));
  const torn = pending[kept.size];
  let content = Buffer.alloc(0);
  for (const one of file.changes) {
    if (one.fate === 'synced' || kept.has(one)) content = Buffer.from(applied(content, one));
    else if (one === torn && one.bytes !== undefined) {
      content = Buffer.from(applied(content, { ...one, bytes: one.bytes.subarray(0, keep(one.bytes.length)) }));
    }
  }
  return content;
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
