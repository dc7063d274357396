import type { KeptState } from '../journal/kept-state.ts';
import { DamagedFolder } from './damage.ts';
import { commitFile, type Files, prepareFile, readWhole } from './files.ts';

export const TOPICS = 'topics';
const ORPHANS = 'orphans';
const DELETED = 'deleted';

type Report = (level: 'info' | 'warn', message: string) => void;

/** Folders of partitions that are no longer used. */
export class Leftovers {
  readonly #files: Files;
  readonly #folder: string;
  readonly #report: Report;
  #count = 0;

  constructor(files: Files, folder: string, report: Report) {
    this.#files = files;
    this.#folder = folder;
    this.#report = report;
  }

  /**
   * Takes a partition's folder out of `topics` in one step, which a crash does not undo, and removes it then.
   *
   * @throws what the file system throws while the folder is still in its place
   */
  discard(partition: string): void {
    const topics = `${this.#folder}/${TOPICS}`;
    if (this.#files.list(partition).length === 0) return this.#files.removeFolder(partition);
    this.#files.makeFolder(`${this.#folder}/${DELETED}`);
    const target = `${this.#folder}/${DELETED}/${process.pid}-${++this.#count}`;
    this.#files.removeFolder(target);
    this.#files.rename(partition, target);
    this.#files.syncFolder(topics);
    this.#tryToRemove(target);
  }

  /**
   * Comes before any log is opened. Records of a topic that was not deleted are kept aside, even if the journal has lost the topic.
   *
   * @param mustBeKnown true after a stop in order, when there can be none
   * @throws DamagedFolder
   */
  clear(state: KeptState, mustBeKnown: boolean): void {
    const strangers = this.#strangers(state).filter((name) => this.#files.list(`${this.#folder}/${TOPICS}/${name}`).length > 0);
    if (mustBeKnown && strangers.length > 0) {
      const what = `${TOPICS}/${strangers[0]} belongs to a topic that the journal does not know`;
      throw new DamagedFolder(what, `moves the records of ${strangers.length} such partitions to ${this.#folder}/${ORPHANS}`);
    }
    this.#tryToRemove(`${this.#folder}/${DELETED}`);
    for (const name of this.#files.list(`${this.#folder}/${TOPICS}`)) {
      const [, topic = '', partition = ''] = /^(.+)-(\d+)$/.exec(name) ?? [];
      if (Number(partition) < (state.topics.get(topic)?.partitions ?? 0)) continue;
      if (state.deleted.has(topic)) this.discard(`${this.#folder}/${TOPICS}/${name}`);
      else this.#setAside(name);
    }
    // Else they could be back in their place after a power cut, under a new topic of the name.
    this.#files.syncFolder(`${this.#folder}/${TOPICS}`);
  }

  /** Keeps a copy of a file of which a part is about to be cut away. @returns where */
  copyAside(path: string): string {
    this.#files.makeFolder(`${this.#folder}/${ORPHANS}`);
    const target = `${this.#folder}/${ORPHANS}/${path.split('/').slice(-2).join('.')}.${Date.now()}`;
    prepareFile(this.#files, target, readWhole(this.#files, path) ?? Buffer.alloc(0));
    commitFile(this.#files, target);
    return target;
  }

  /** Folders of partitions that no topic has, and that were not deleted. */
  #strangers(state: KeptState): string[] {
    return this.#files.list(`${this.#folder}/${TOPICS}`).filter((name) => {
      const [, topic = '', partition = ''] = /^(.+)-(\d+)$/.exec(name) ?? [];
      return Number(partition) >= (state.topics.get(topic)?.partitions ?? 0) && !state.deleted.has(topic);
    });
  }

  #setAside(name: string): void {
    const target = `${this.#folder}/${ORPHANS}/${name}.${Date.now()}`;
    this.#files.makeFolder(`${this.#folder}/${ORPHANS}`);
    this.#files.rename(`${this.#folder}/${TOPICS}/${name}`, target);
    this.#report('warn', `${TOPICS}/${name} belongs to no known topic: moved to ${target}`);
  }

  #tryToRemove(path: string): void {
    try {
      this.#files.removeFolder(path);
    } catch (error) {
      this.#report('warn', `${path} could not be removed: ${(error as Error).message}`);
    }
  }
}
