import { dirname } from 'node:path';
import { type Files, writeAll } from '../storage/files.ts';
import { encodeProducers, producerSnapshotName } from './producer-snapshot.ts';
import type { Segment } from './segment.ts';

/** Which segments of a log hold what is not synced, and the producer snapshots that wait for them. */
export class SegmentSync {
  readonly #files: Files;
  readonly #folder: string;
  /** Oldest first. */
  readonly #dirty = new Set<Segment>();
  readonly #snapshots = new Map<number, Buffer>();
  #hasNewNames = false;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  isDirty(segment: Segment): boolean {
    return this.#dirty.has(segment);
  }

  written(segment: Segment): void {
    this.#dirty.add(segment);
  }

  /** @param producers what was known of them before the segment's first offset */
  made(segment: Segment, producers: readonly unknown[]): void {
    this.#snapshots.set(segment.baseOffset, encodeProducers(producers));
  }

  /** Comes before a file is made: it may be there even when the call fails. */
  changesNames(): void {
    this.#hasNewNames = true;
  }

  /** All before the segment is about to go, and with it the only other place where the producers' sequences stand. */
  becomesOldest(segment: Segment): void {
    const bytes = this.#snapshots.get(segment.baseOffset);
    if (bytes !== undefined) this.#writeSnapshot(segment.baseOffset, bytes);
  }

  dropped(segment: Segment): void {
    this.#dirty.delete(segment);
    this.#snapshots.delete(segment.baseOffset);
  }

  clear(): void {
    this.#dirty.clear();
    this.#snapshots.clear();
    this.#hasNewNames = false;
  }

  async run(): Promise<void> {
    this.#syncNames();
    for (const segment of [...this.#dirty]) {
      if (!this.#dirty.has(segment)) continue;
      const { size } = segment;
      await segment.sync();
      if (segment.size === size) this.#dirty.delete(segment);
    }
    for (const [baseOffset, bytes] of this.#snapshots) if (this.#isSyncedBefore(baseOffset)) this.#writeSnapshot(baseOffset, bytes);
  }

  #syncNames(): void {
    if (!this.#hasNewNames) return;
    this.#files.syncFolder(this.#folder);
    this.#files.syncFolder(dirname(this.#folder));
    this.#hasNewNames = false;
  }

  /** The presence of a snapshot says that all segments before it are synced, or gone. */
  #isSyncedBefore(offset: number): boolean {
    for (const segment of this.#dirty) if (segment.baseOffset < offset) return false;
    return true;
  }

  #writeSnapshot(baseOffset: number, bytes: Buffer): void {
    const file = this.#files.open(`${this.#folder}/${producerSnapshotName(baseOffset)}`);
    try {
      file.truncate(0);
      writeAll(file, bytes, 0);
      file.syncNow();
      this.#snapshots.delete(baseOffset);
    } finally {
      file.close();
    }
  }
}
