import type { Refusal } from '../../wire/error-code.ts';
import { GroupSync } from '../log/group-sync.ts';
import { AppendFile } from '../storage/append-file.ts';
import { DamagedFolder } from '../storage/damage.ts';
import { commitFile, prepareFile, readWhole } from '../storage/files.ts';
import type { HandlePool } from '../storage/handle-pool.ts';
import { TOPICS } from '../storage/leftovers.ts';
import { storageRefusal } from '../storage/storage-failure.ts';
import type { Entry, Journal } from './entry.ts';
import { decodeEntries, encodeEntry, salvageEntries, tailAfter } from './entry-codec.ts';
import type { KeptState } from './kept-state.ts';
import { encodeSnapshot, readSnapshot, SNAPSHOT } from './snapshot.ts';

// A journal entry comes before the change in memory. Leftovers of a deleted topic are cleared before the new one is journalled, and
// data are removed only once the deletion is durable. Under fsync a batch is acknowledged only after the journal is flushed, so that
// it cannot outlive its topic.
//
// Snapshot and journal share a generation, and an older journal is ignored. From the first rename until both are in place the
// journal refuses entries.

const NAME = 'journal.log';
/** A journal that is larger, and four times as large as its snapshot, is folded into a new one. */
const COMPACT_BYTES = 1024 * 1024;

export interface JournalOptions {
  readonly folder: string;
  readonly pool: HandlePool;
  /** Are entries synced before they are answered? */
  readonly syncsFirst: boolean;
  /** Was the broker stopped in order, so that there is nothing that a crash may have cut off? */
  readonly isClean: boolean;
  /** Takes what can be read of damaged files. */
  readonly salvage: boolean;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/**
 * Entries in a file, written before the change that they describe is made. The state that they add up to is kept beside the
 * broker's own: what a snapshot holds is then exactly what a replay would give.
 */
export class DiskJournal implements Journal {
  readonly state: KeptState;
  readonly #options: JournalOptions;
  readonly #group = new GroupSync(() => this.#syncOnce());
  readonly #file: AppendFile;
  #generation: number;
  #hasSalvaged = false;
  #compactAt = COMPACT_BYTES;
  /** Not at first: what a killed process wrote need not be on the disk. */
  #isSynced = false;
  /** What the disk has of the file is unknown, or it has none: everything is written again before the file is used. */
  #isDoubtful: boolean;

  /** @throws DamagedFolder; what the file system throws */
  constructor(options: JournalOptions) {
    const { folder, pool } = options;
    this.#options = options;
    const { state, generation, isDamaged } = readSnapshot(pool.files, folder, options.salvage);
    this.state = state;
    this.#generation = generation;
    const replayed = isDamaged ? this.#salvage() : this.#replay();
    this.#file = new AppendFile(pool, `${folder}/${NAME}`, replayed ?? 0);
    this.#isDoubtful = replayed === undefined;
    if (this.#hasSalvaged) this.#compact();
    // The file may stand in its place without the disk knowing, if the process before was killed as it put it there.
    pool.files.syncFolder(folder);
  }

  get isFlushed(): boolean {
    return !this.#options.syncsFirst || this.#isSynced;
  }

  append(entry: Entry): void {
    const bytes = encodeEntry(entry);
    try {
      if (this.#isDoubtful) this.#compact();
      this.#file.append(bytes);
    } catch (error) {
      throw refusal(error);
    }
    this.state.apply(entry);
    this.#isSynced = false;
    if (this.#file.size >= this.#compactAt) this.#tryToCompact();
  }

  flushed(): Promise<void> | undefined {
    return this.isFlushed ? undefined : this.sync();
  }

  async sync(): Promise<void> {
    if (this.#isSynced) return;
    try {
      await this.#group.request();
    } catch (error) {
      throw refusal(error);
    }
  }

  close(): void {
    this.#file.close();
  }

  async #syncOnce(): Promise<void> {
    if (this.#isDoubtful) this.#compact();
    const { size } = this.#file;
    const generation = this.#generation;
    try {
      await this.#file.sync();
    } catch (error) {
      if (generation === this.#generation) this.#isDoubtful = true;
      throw error;
    }
    if (size === this.#file.size && generation === this.#generation) this.#isSynced = true;
  }

  /** @returns bytes of the journal that count; undefined when it does not go with the snapshot. @throws DamagedFolder */
  #replay(): number | undefined {
    const { folder, pool, report, isClean } = this.#options;
    const path = `${folder}/${NAME}`;
    const bytes = readWhole(pool.files, path);
    if (bytes === undefined) {
      if (pool.files.list(`${folder}/${TOPICS}`).length === 0) return undefined;
      return this.#damaged(`${path} is missing`);
    }
    const entries: Entry[] = [];
    const end = decodeEntries(bytes, (entry) => entries.push(entry));
    const tail = tailAfter(bytes, end);
    const [first] = entries;
    const isNewer = first?.type === 'generation' && first.generation > this.#generation;
    if (isNewer) return this.#damaged(`${path} belongs to another snapshot`);
    // It is put in its place with its first entry.
    if (tail === 'damaged' || (tail === 'cut off' && isClean) || first === undefined)
      return this.#damaged(`${path} cannot be read at byte ${end} of ${bytes.length}`);
    if (tail === 'cut off') report('warn', `${path}: removed ${bytes.length - end} bytes at its end, the beginning of an entry`);
    // A crash between a new snapshot and its journal leaves the one that the snapshot has in it.
    if (first?.type !== 'generation' || first.generation !== this.#generation) return undefined;
    for (const entry of entries) this.state.apply(entry);
    return end;
  }

  /** @throws DamagedFolder unless what can be read is to be salvaged */
  #damaged(what: string): undefined {
    if (this.#options.salvage) return this.#salvage();
    throw new DamagedFolder(what, 'forgets the topics, settings and offsets that stand there');
  }

  /** Applies every entry that can be read, and keeps the damaged files beside the new ones. */
  #salvage(): undefined {
    const { folder, pool, report } = this.#options;
    for (const name of [SNAPSHOT, NAME]) {
      const bytes = readWhole(pool.files, `${folder}/${name}`);
      if (bytes === undefined) continue;
      const copy = `${folder}/${name}.damaged-${Date.now()}`;
      prepareFile(pool.files, copy, bytes);
      commitFile(pool.files, copy);
      if (name === SNAPSHOT) continue;
      const lost = salvageEntries(bytes, (entry) => this.state.apply(entry));
      report('warn', `${folder}/${name}: ${lost} bytes could not be read and were passed over; the damaged file is kept as ${copy}`);
    }
    this.#hasSalvaged = true;
    return undefined;
  }

  /** Snapshot first: from then on the old journal, of an older generation, does not count. */
  #compact(): void {
    const { folder, pool } = this.#options;
    const generation = this.#generation + 1;
    const snapshot = encodeSnapshot({ state: this.state, generation });
    const head = encodeEntry({ type: 'generation', generation });
    prepareFile(pool.files, `${folder}/${SNAPSHOT}`, snapshot);
    prepareFile(pool.files, this.#file.path, head);
    this.#isDoubtful = true;
    this.#file.close();
    commitFile(pool.files, `${folder}/${SNAPSHOT}`);
    commitFile(pool.files, this.#file.path);
    this.#file.cutTo(head.length);
    this.#generation = generation;
    this.#compactAt = Math.max(COMPACT_BYTES, snapshot.length * 4);
    this.state.deleted.clear();
    this.#isSynced = true;
    this.#isDoubtful = false;
  }

  #tryToCompact(): void {
    try {
      this.#compact();
    } catch (error) {
      this.#compactAt = this.#file.size * 2;
      this.#options.report('warn', `the journal could not be folded into a snapshot: ${(error as Error).message}`);
    }
  }
}

function refusal(error: unknown): Refusal {
  return storageRefusal(error, 'writing to the journal');
}
