import { DamagedFolder } from './damage.ts';
import { commitFile, type Files, prepareFile, readWhole } from './files.ts';
import { TOPICS } from './leftovers.ts';

const CLEAN = 'clean';
const STATE_FILES = ['snapshot', 'journal.log'];

/** Bytes of files of a data folder, by their path within the folder. */
type Sizes = ReadonlyMap<string, number>;

/**
 * The file `clean`: there between an orderly stop and the next start. It lists the size of every segment, of the journal and of the snapshot,
 * so that one that is missing or shorter is noticed, where nothing else shows what was there. The names of other files need not be on the
 * disk. Brokers before this list wrote the time alone.
 */
export class CleanMarker {
  readonly #files: Files;
  readonly #folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  get isThere(): boolean {
    return this.#files.size(this.#path) !== undefined;
  }

  /** Returns what differs from the orderly stop, one line for each file. @throws DamagedFolder when the marker cannot be read */
  differences(): string[] {
    const differences: string[] = [];
    for (const [name, size] of this.#read()) {
      const found = this.#files.size(`${this.#folder}/${name}`);
      if (found === undefined) differences.push(`${this.#folder}/${name} is missing`);
      else if (found !== size) differences.push(`${this.#folder}/${name} has ${found} bytes, and had ${size} at the last stop`);
    }
    return differences;
  }

  /** Comes when nothing is written any more. */
  leave(): void {
    const content = { at: new Date().toISOString(), files: Object.fromEntries(this.#sizes()) };
    prepareFile(this.#files, this.#path, Buffer.from(`${JSON.stringify(content)}\n`));
    commitFile(this.#files, this.#path);
  }

  /** Gone before anything is written: what it says holds for an untouched folder only. */
  take(): void {
    this.#files.removeFile(this.#path);
    this.#files.syncFolder(this.#folder);
  }

  get #path(): string {
    return `${this.#folder}/${CLEAN}`;
  }

  #read(): Sizes {
    const text = readWhole(this.#files, this.#path)?.toString('utf8') ?? '';
    if (!text.startsWith('{')) return new Map();
    try {
      return sizesIn(JSON.parse(text));
    } catch {
      throw new DamagedFolder(`${this.#path} cannot be read`, 'checks every record, as after a crash');
    }
  }

  #sizes(): Sizes {
    const partitions = this.#files.list(`${this.#folder}/${TOPICS}`).filter((name) => /-\d+$/.test(name));
    const segmentsOf = (partition: string) =>
      this.#files.list(`${this.#folder}/${TOPICS}/${partition}`).filter((name) => name.endsWith('.log'));
    const segments = partitions.flatMap((partition) => segmentsOf(partition).map((name) => `${TOPICS}/${partition}/${name}`));
    const sizes = new Map<string, number>();
    for (const name of [...STATE_FILES, ...segments]) {
      const size = this.#files.size(`${this.#folder}/${name}`);
      if (size !== undefined) sizes.set(name, size);
    }
    return sizes;
  }
}

/** @throws TypeError for anything but what `leave` writes */
function sizesIn(content: { readonly files?: unknown }): Sizes {
  const { files } = content;
  if (typeof files !== 'object' || files === null) throw new TypeError('no files');
  return new Map(
    Object.entries(files).map(([name, size]) => {
      if (typeof size !== 'number') throw new TypeError(`${name} has no size`);
      return [name, size];
    }),
  );
}
