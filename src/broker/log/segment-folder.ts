import { type CompactionMark, readMark, writeMark } from './compaction-mark.ts';
import type { DiskEnvironment } from './disk-environment.ts';
import { LogRecovery, type RecoveredSegment } from './log-recovery.ts';
import type { LogRequest, ProducerMemory } from './partition-log.ts';
import { producerSnapshotName } from './producer-snapshot.ts';
import { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';
import { type Rewritten, rewrittenPath } from './segment-rewrite.ts';
import { SegmentSync } from './segment-sync.ts';

// A failed call may still have made its file. Names count as unsynced before the file is created, an empty segment that is not the
// last is a stray, and names that a killed process left are synced at the next start before anything is acknowledged.
//
// Before the oldest segment is dropped, the next one's .producers must be on the disk, or retries are no longer recognised.

/** The files of one log: which there are, and which of them are to be synced. */
export class SegmentFolder {
  readonly path: string;
  readonly list: SegmentList;
  readonly syncing: SegmentSync;
  /** Deleted records end here, where a file does not say so by its name. */
  readonly recordedStart: number;
  #mark: CompactionMark;
  readonly #env: DiskEnvironment;
  readonly #request: LogRequest;
  #isMade: boolean;

  /** Recovers what is there. @throws what the file system throws */
  constructor(env: DiskEnvironment, request: LogRequest) {
    const { topic, partition, isNew, producers } = request;
    this.#env = env;
    this.#request = request;
    this.path = `${env.folder}/${topic}-${partition}`;
    this.syncing = new SegmentSync(env.pool.files, this.path);
    if (isNew) env.discard(this.path);
    this.#mark = isNew ? { gapsBefore: 0, cleanedTo: 0 } : readMark(env.pool.files, this.path);
    const recovered = isNew ? [] : this.#recover(producers);
    const found = recovered.map(({ segment }) => segment);
    this.#isMade = found.length > 0;
    this.recordedStart = isNew ? 0 : env.startOf(topic, partition);
    this.list = new SegmentList(this.#atLeastFrom(this.recordedStart, found));
    if (this.list.active === found.at(-1)) this.#takeOver(recovered);
  }

  #recover(producers: ProducerMemory): RecoveredSegment[] {
    const recovery = new LogRecovery(this.#env, this.path, producers, this.#mark.gapsBefore);
    const found = recovery.run();
    this.allowGaps(recovery.gapsBefore);
    return found;
  }

  /** Makes the folder and its first file, if they are not there: a partition that nobody writes to has none. */
  make(): void {
    if (this.#isMade) return;
    this.#env.pool.files.makeFolder(this.path);
    this.syncing.changesNames();
    this.list.active.create();
    this.#isMade = true;
  }

  /** Goes on in a new file. */
  roll(): void {
    const segment = Segment.empty(this.#env.pool, this.path, this.list.active.nextOffset);
    this.syncing.changesNames();
    segment.create();
    this.syncing.made(segment, this.#request.producers.save());
    this.list.add(segment);
  }

  /** Each key before it is there once. */
  get cleanedTo(): number {
    return this.#mark.cleanedTo;
  }

  allowGaps(offset: number): void {
    if (offset > this.#mark.gapsBefore) this.#setMark({ ...this.#mark, gapsBefore: offset });
  }

  markCleaned(offset: number): void {
    this.#setMark({ ...this.#mark, cleanedTo: offset });
  }

  /** Those whose records a recovery does not go through again, as a producer snapshot that is on the disk comes after them. */
  settledSegments(): readonly Segment[] {
    const segments = this.list.all().slice(0, -1);
    const { files } = this.#env.pool;
    const isSettled = ({ baseOffset }: Segment) => files.size(`${this.path}/${producerSnapshotName(baseOffset)}`) !== undefined;
    const last = this.list.all().findLastIndex(isSettled);
    return segments.slice(0, Math.max(0, last)).filter((segment) => !this.syncing.isDirty(segment));
  }

  /** Puts what was written beside the segment, and synced, in its place. */
  replace(segment: Segment, { size, index }: Rewritten): void {
    const { pool, report } = this.#env;
    const { baseOffset, nextOffset, path } = segment;
    segment.close();
    pool.files.rename(rewrittenPath(segment), path);
    this.list.replace(segment, new Segment(pool, this.path, baseOffset, { size, nextOffset, index }));
    try {
      pool.files.syncFolder(this.path);
    } catch (error) {
      // After a power cut the old file may be there again, and that is as good.
      report('warn', `${this.path} could not be synced: ${(error as Error).message}`);
    }
  }

  /** There must be another. */
  dropOldest(): void {
    this.syncing.becomesOldest(this.list.all()[1] as Segment);
    this.#remove(this.list.removeOldest());
  }

  /** Takes back what is at `offset` or beyond; the segment that holds it has `size` bytes before it. */
  cutFrom(offset: number, size: number): void {
    while (this.list.active.baseOffset > offset) this.#remove(this.list.removeActive());
    const { active } = this.list;
    active.cutTo(active.baseOffset === offset ? 0 : size, offset);
  }

  /** Closes all files. */
  release(): void {
    this.syncing.clear();
    for (const segment of this.list.all()) segment.close();
  }

  discard(): void {
    this.release();
    this.#env.discard(this.path);
  }

  #setMark(mark: CompactionMark): void {
    writeMark(this.#env.pool.files, this.path, mark);
    this.#mark = mark;
  }

  /** What a killed process wrote need not be on the disk, though it can be read. */
  #takeOver(recovered: readonly RecoveredSegment[]): void {
    for (const { segment, producers } of recovered) {
      if (producers !== undefined) this.syncing.made(segment, producers);
      if (!this.#env.isClean) this.syncing.written(segment);
    }
    if (!this.#env.isClean) this.syncing.changesNames();
  }

  /** Offsets that were deleted are not given again, even when the records before them are lost. */
  #atLeastFrom(start: number, found: readonly Segment[]): readonly Segment[] {
    if ((found.at(-1)?.nextOffset ?? 0) >= start && found.length > 0) return found;
    for (const segment of found) this.#remove(segment);
    this.#isMade = false;
    return [Segment.empty(this.#env.pool, this.path, start)];
  }

  /** A file that cannot be removed now is in the way of nobody: it is older, or does not follow the others. */
  #remove(segment: Segment): void {
    const { pool, report } = this.#env;
    this.syncing.dropped(segment);
    segment.close();
    for (const path of [`${this.path}/${producerSnapshotName(segment.baseOffset)}`, segment.path]) {
      try {
        if (pool.files.size(path) !== undefined) pool.files.removeFile(path);
      } catch (error) {
        report('warn', `${path} could not be removed: ${(error as Error).message}`);
      }
    }
  }
}
