import { type RecordBatch, stampOffset } from '../../wire/record-batch.ts';
import { storageRefusal } from '../storage/storage-failure.ts';
import { endOffsetOf } from './batch-run.ts';
import type { CompactionRules } from './compaction.ts';
import type { DiskEnvironment } from './disk-environment.ts';
import { GroupSync } from './group-sync.ts';
import { ownBytes } from './own-bytes.ts';
import type { LogRequest, PartitionLog, Retention, TimedOffset } from './partition-log.ts';
import type { Segment } from './segment.ts';
import { type CompactedLog, compactSegments } from './segment-compactor.ts';
import { SegmentFolder } from './segment-folder.ts';
import type { SegmentList } from './segment-list.ts';
import { TailCache } from './tail-cache.ts';

/**
 * Keeps batches in the segment files of one folder. A batch is written by one call when it is appended. Where a sync
 * comes before the acknowledgement, a batch is visible after it; if the sync fails, what it should have covered is taken
 * back, as nobody can know what the disk has of it.
 */
export class DiskLog implements PartitionLog {
  readonly #env: DiskEnvironment;
  readonly #request: LogRequest;
  readonly #folder: SegmentFolder;
  readonly #segments: SegmentList;
  readonly #tail: TailCache;
  readonly #group = new GroupSync(() => this.#syncOnce());
  #start: number;
  #next: number;
  /** Up to where it was synced: the offset, and bytes of the segment that was active then. */
  #synced: { readonly offset: number; readonly size: number };
  /** How often unacknowledged batches were taken back. */
  #cuts = 0;
  #size: number;
  #isClosed = false;

  /** Opens the log and recovers what is there. @throws what the file system throws */
  constructor(env: DiskEnvironment, request: LogRequest) {
    this.#env = env;
    this.#request = request;
    this.#tail = new TailCache(env.tails);
    this.#folder = new SegmentFolder(env, request);
    this.#segments = this.#folder.list;
    const { active, oldest, sizeBytes } = this.#segments;
    this.#start = Math.max(this.#folder.recordedStart, oldest.baseOffset);
    this.#next = active.nextOffset;
    this.#synced = { offset: this.#next, size: active.size };
    this.#size = sizeBytes;
    if (!env.isClean && sizeBytes > 0) env.touched(this);
  }

  get startOffset(): number {
    return this.#start;
  }

  get endOffset(): number {
    return this.#env.syncsFirst ? this.#synced.offset : this.#next;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  append(batch: RecordBatch, leaderEpoch: number): number {
    const baseOffset = this.#next;
    const bytes = ownBytes(batch.bytes);
    stampOffset(bytes, baseOffset, leaderEpoch);
    this.#guarded('writing to', () => {
      this.#folder.make();
      if (this.#isFull(batch)) this.#folder.roll();
      this.#segments.active.append({ ...batch, baseOffset }, bytes);
    });
    this.#next += batch.lastOffsetDelta + 1;
    this.#size += bytes.length;
    this.#tail.push({ baseOffset, endOffset: this.#next, bytes });
    this.#folder.syncing.written(this.#segments.active);
    this.#env.touched(this);
    return baseOffset;
  }

  flushed(): Promise<void> | undefined {
    if (!this.#env.syncsFirst) return undefined;
    if (this.#synced.offset >= this.#next && this.#env.journal.isFlushed) return undefined;
    return this.#waitForSync(this.#cuts);
  }

  read(offset: number, maxBytes: number, atLeastOne: boolean, upTo = this.endOffset): readonly Buffer[] {
    const endOffset = Math.min(upTo, this.endOffset);
    const cachedFrom = this.#tail.startOffset ?? endOffset;
    if (offset >= cachedFrom) return this.#tail.read(offset, endOffset, maxBytes, atLeastOne);
    const found = this.#guarded('reading', () => {
      return this.#segments.read(offset, { endOffset: Math.min(cachedFrom, endOffset), maxBytes, atLeastOne });
    });
    const left = maxBytes - found.reduce((sum, { length }) => sum + length, 0);
    const last = found.at(-1);
    const reached = last === undefined ? offset : endOffsetOf(last);
    if (reached < cachedFrom && this.#segments.hasWithin(reached, Math.min(cachedFrom, endOffset))) return found;
    return [...found, ...this.#tail.read(cachedFrom, endOffset, left, atLeastOne && found.length === 0)];
  }

  offsetForTime(timestamp: number): TimedOffset | undefined {
    return this.#guarded('reading', () => this.#segments.firstReaching(timestamp, this.#start, this.endOffset));
  }

  latestByTime(): TimedOffset | undefined {
    return this.#guarded('reading', () => this.#segments.latest(this.#start, this.endOffset));
  }

  /** Only whole segments go; the rest of the records before the new start stays on the disk, out of reach. */
  deleteBefore(offset: number): void {
    const start = Math.min(offset, this.endOffset);
    if (start <= this.#start) return;
    this.#env.recordStart(this.#request.topic, this.#request.partition, start);
    this.#start = start;
    this.#drop((segment) => segment.nextOffset <= start);
  }

  enforce({ bytes, ms }: Retention, now: number): void {
    this.#drop((segment) => {
      if (segment.nextOffset > this.endOffset) return false;
      if (bytes >= 0 && this.#size - segment.size >= bytes) return true;
      return ms >= 0 && segment.maxTimestamp >= 0 && now - segment.maxTimestamp > ms;
    });
  }

  async compact(rules: CompactionRules): Promise<void> {
    if (this.#isClosed || this.#segments.active.size === 0) return;
    try {
      await compactSegments(this.#compacted, { ...rules, limitOffset: Math.min(rules.limitOffset, this.endOffset) });
    } catch (error) {
      if (!this.#isClosed) this.#env.report('warn', this.#refusal(error, 'compacting').message);
    }
  }

  /** Makes everything that was appended durable. */
  sync(): Promise<void> {
    return this.#group.request();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.sync();
    } catch (error) {
      this.#env.distrust();
      this.#env.report('error', this.#refusal(error, 'syncing').message);
    }
    this.#isClosed = true;
    this.#tail.clear();
    this.#folder.release();
  }

  async delete(): Promise<void> {
    this.#isClosed = true;
    this.#tail.clear();
    try {
      this.#folder.discard();
    } catch (error) {
      // It belongs to no topic any more: it is removed when a topic of its name is created, or at the next start.
      this.#env.report('warn', this.#refusal(error, 'removing the files of').message);
    }
  }

  #isFull({ bytes, maxTimestamp }: RecordBatch): boolean {
    const { active } = this.#segments;
    if (active.size === 0) return false;
    const { segmentBytes, segmentMs } = this.#request.limits();
    return active.size + bytes.length > segmentBytes || maxTimestamp - active.firstTimestamp > segmentMs;
  }

  get #compacted(): CompactedLog {
    const folder = this.#folder;
    const segments = this.#segments;
    return {
      files: this.#env.pool.files,
      settledSegments: () => folder.settledSegments(),
      cleanedTo: folder.cleanedTo,
      allowGaps: (offset) => folder.allowGaps(offset),
      markCleaned: (offset) => folder.markCleaned(offset),
      holds: (segment) => !this.#isClosed && segments.all().includes(segment),
      replace: (segment, rewritten) => {
        folder.replace(segment, rewritten);
        this.#size += rewritten.size - segment.size;
        if ((this.#tail.startOffset ?? this.#next) < segment.nextOffset) this.#tail.clear();
      },
    };
  }

  async #waitForSync(cuts: number): Promise<void> {
    try {
      await this.#group.request();
    } catch (error) {
      throw this.#refusal(error, 'syncing');
    }
    if (this.#cuts !== cuts) throw this.#refusal(new Error('a sync before it failed'), 'syncing');
  }

  async #syncOnce(): Promise<void> {
    const reached = { offset: this.#next, size: this.#segments.active.size };
    try {
      await this.#env.journal.flushed();
      if (!this.#isClosed) await this.#folder.syncing.run();
    } catch (error) {
      if (this.#env.syncsFirst && !this.#isClosed) this.#takeBack();
      throw error;
    }
    this.#synced = reached;
  }

  #takeBack(): void {
    const { offset, size } = this.#synced;
    this.#cuts += 1;
    this.#tail.clear();
    this.#folder.cutFrom(offset, size);
    this.#next = offset;
    this.#size = this.#segments.sizeBytes;
    this.#request.producers.forgetFrom(offset);
  }

  /** Old records are in the way of nobody: what cannot be dropped now is dropped the next time. */
  #drop(isOver: (segment: Segment) => boolean): void {
    try {
      for (let { oldest } = this.#segments; oldest.size > 0 && isOver(oldest); { oldest } = this.#segments) {
        if (this.#segments.count === 1) this.#folder.roll();
        this.#folder.dropOldest();
        this.#size -= oldest.size;
        this.#start = Math.max(this.#start, oldest.nextOffset);
      }
      if ((this.#tail.startOffset ?? this.#start) < this.#segments.oldest.baseOffset) this.#tail.clear();
    } catch (error) {
      this.#env.report('warn', this.#refusal(error, 'dropping old segments of').message);
    }
  }

  #guarded<T>(doing: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.#refusal(error, doing);
    }
  }

  #refusal(error: unknown, doing: string) {
    return storageRefusal(error, `${doing} ${this.#request.topic}[${this.#request.partition}]`);
  }
}
