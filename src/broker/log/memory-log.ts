import { type RecordBatch, stampOffset } from '../../wire/record-batch.ts';
import { Compaction, type CompactionRules, isTooYoung, isWorthwhile } from './compaction.ts';
import { firstFrom } from './first-from.ts';
import { ownBytes } from './own-bytes.ts';
import type { PartitionLog, Retention, SegmentLimits, TimedOffset } from './partition-log.ts';
import { firstInBatch } from './time-lookup.ts';

/** Keeps batches in memory, as they came. */
export class MemoryLog implements PartitionLog {
  #batches: RecordBatch[] = [];
  /** Index of the first batch that is kept; those before it are dropped in bulk. */
  #head = 0;
  #start = 0;
  #end = 0;
  #size = 0;
  readonly #limits: () => SegmentLimits;
  /** As if there were files: what a disk would have in the one that is written to is not compacted. */
  #active = { baseOffset: 0, bytes: 0, firstTimestamp: -1 };
  #cleanedTo = 0;

  constructor(limits: () => SegmentLimits) {
    this.#limits = limits;
  }

  get startOffset(): number {
    return this.#start;
  }

  get endOffset(): number {
    return this.#end;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  append(batch: RecordBatch, leaderEpoch: number): number {
    const baseOffset = this.#end;
    const bytes = ownBytes(batch.bytes);
    stampOffset(bytes, baseOffset, leaderEpoch);
    this.#grow(batch, baseOffset);
    this.#batches.push({ ...batch, bytes, baseOffset });
    this.#end += batch.lastOffsetDelta + 1;
    this.#size += bytes.length;
    return baseOffset;
  }

  flushed(): undefined {
    return undefined;
  }

  read(offset: number, maxBytes: number, atLeastOne: boolean, upTo = this.#end): readonly Buffer[] {
    const found: Buffer[] = [];
    let left = maxBytes;
    for (let i = this.#indexOf(offset), batch = this.#batches[i]; batch !== undefined; batch = this.#batches[++i]) {
      const { bytes, baseOffset } = batch;
      if (baseOffset >= upTo) break;
      if (bytes.length > left && !(atLeastOne && found.length === 0)) break;
      found.push(bytes);
      left -= bytes.length;
    }
    return found;
  }

  offsetForTime(timestamp: number): TimedOffset | undefined {
    for (let i = this.#head, batch = this.#batches[i]; batch !== undefined; batch = this.#batches[++i]) {
      if (batch.maxTimestamp < timestamp) continue;
      const found = firstInBatch(batch, timestamp, this.#start);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  latestByTime(): TimedOffset | undefined {
    let latest: RecordBatch | undefined;
    for (let i = this.#head, batch = this.#batches[i]; batch !== undefined; batch = this.#batches[++i]) {
      if (latest === undefined || batch.maxTimestamp > latest.maxTimestamp) latest = batch;
    }
    return latest === undefined ? undefined : firstInBatch(latest, latest.maxTimestamp, this.#start);
  }

  deleteBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.#end));
    for (let first = this.#first; first !== undefined && endOf(first) <= this.#start; first = this.#first) this.#drop(first);
    this.#squeeze();
  }

  enforce(retention: Retention, now: number): void {
    for (let first = this.#first; first !== undefined && this.#isExpired(first, retention, now); first = this.#first) {
      this.#start = Math.max(this.#start, endOf(first));
      this.#drop(first);
    }
    this.#squeeze();
  }

  async compact(rules: CompactionRules): Promise<void> {
    const within = this.#cleanable(rules);
    const dirty = within.filter(({ baseOffset }) => baseOffset >= this.#cleanedTo);
    const clean = within.slice(0, within.length - dirty.length);
    if (!isWorthwhile(bytesOf(clean), bytesOf(dirty), dirty[0]?.maxTimestamp ?? rules.now, rules)) return;
    const compaction = new Compaction(rules);
    for (const batch of clean) compaction.lookAt(batch);
    for (const batch of dirty) compaction.learn(batch);
    const kept = within.flatMap((batch) => compaction.clean(batch) ?? []);
    const last = within.at(-1);
    if (last !== undefined) this.#cleanedTo = endOf(last);
    this.#size += bytesOf(kept) - bytesOf(within);
    this.#batches = [...kept, ...this.#batches.slice(this.#head + within.length)];
    this.#head = 0;
  }

  async close(): Promise<void> {
    this.#batches = [];
    this.#head = 0;
    this.#size = 0;
  }

  async delete(): Promise<void> {
    await this.close();
  }

  #grow({ bytes, maxTimestamp }: RecordBatch, baseOffset: number): void {
    const { segmentBytes, segmentMs } = this.#limits();
    const active = this.#active;
    const isFull = active.bytes > 0 && (active.bytes + bytes.length > segmentBytes || maxTimestamp - active.firstTimestamp > segmentMs);
    if (isFull || active.bytes === 0) this.#active = { baseOffset, bytes: bytes.length, firstTimestamp: maxTimestamp };
    else active.bytes += bytes.length;
  }

  #cleanable(rules: CompactionRules): readonly RecordBatch[] {
    const limit = Math.min(rules.limitOffset, this.#active.baseOffset);
    const all = this.#batches.slice(this.#head);
    const end = all.findIndex((batch) => endOf(batch) > limit || isTooYoung(batch.maxTimestamp, rules));
    return end < 0 ? all : all.slice(0, end);
  }

  #isExpired(batch: RecordBatch, { bytes, ms }: Retention, now: number): boolean {
    if (bytes >= 0 && this.#size - batch.bytes.length >= bytes) return true;
    return ms >= 0 && batch.maxTimestamp >= 0 && now - batch.maxTimestamp > ms;
  }

  /** The oldest batch; undefined without one. */
  get #first(): RecordBatch | undefined {
    return this.#batches[this.#head];
  }

  #drop(first: RecordBatch): void {
    this.#size -= first.bytes.length;
    this.#head += 1;
  }

  #squeeze(): void {
    if (this.#head === 0 || this.#head * 2 < this.#batches.length) return;
    this.#batches = this.#batches.slice(this.#head);
    this.#head = 0;
  }

  /** Index of the batch that holds `offset`, or the number of batches when it is at the end. */
  #indexOf(offset: number): number {
    return firstFrom(this.#batches, this.#head, (batch) => endOf(batch) <= offset);
  }
}

function endOf(batch: RecordBatch): number {
  return batch.baseOffset + batch.lastOffsetDelta + 1;
}

function bytesOf(batches: readonly RecordBatch[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
