import { markerOf } from '../../wire/control-batch.ts';
import { isControl, type RecordBatch } from '../../wire/record-batch.ts';
import { type BatchRecord, deleteHorizonOf, readRecords, withRecords } from '../../wire/records.ts';

/** What may be removed of a compacted log, and when. */
export interface CompactionRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Nothing is touched from this offset on: an open transaction, or what is not yet to be read. */
  readonly limitOffset: number;
  /** Records younger than this stay; 0 lets all go. */
  readonly minLagMs: number;
  /** Records older than this are cleaned, however few there are. */
  readonly maxLagMs: number;
  /** Share of bytes not cleaned yet at which it is worth the work. */
  readonly dirtyRatio: number;
  /** How long tombstones stay once all before them is clean. */
  readonly deleteRetentionMs: number;
  /** Was the record of this producer part of a transaction that was aborted? */
  readonly isAborted: (producerId: number, offset: number) => boolean;
}

/** Records may say a time that is yet to come. */
export function isTooYoung(maxTimestamp: number, { now, minLagMs }: CompactionRules): boolean {
  return minLagMs > 0 && now - maxTimestamp < minLagMs;
}

/** More keys than this are left for the next round: the map of them is held in memory. */
const MAX_KEYS = 1_000_000;

/**
 * Decides which records of a log stay: the newest of each key. First it is shown all batches that were not cleaned yet,
 * then it cleans batches, older ones too.
 */
export class Compaction {
  readonly #rules: CompactionRules;
  readonly #newest = new Map<string, number>();
  /** A batch that cannot be opened may hold the key of any tombstone, which would come to life again. */
  #hasClosedBatch = false;

  constructor(rules: CompactionRules) {
    this.#rules = rules;
  }

  get isFull(): boolean {
    return this.#newest.size >= MAX_KEYS;
  }

  learn(batch: RecordBatch): void {
    if (isControl(batch)) return;
    const records = readRecords(batch);
    if (records === undefined) this.#hasClosedBatch = true;
    else if (!this.#isAborted(batch))
      for (const { key, offset } of records) if (key !== null) this.#newest.set(key.toString('latin1'), offset);
  }

  /** A batch of what was cleaned before, which is not to be learnt from again. */
  lookAt(batch: RecordBatch): void {
    this.#hasClosedBatch ||= !isControl(batch) && readRecords(batch) === undefined;
  }

  /** @returns the batch itself when all of it stays; undefined when nothing does */
  clean(batch: RecordBatch): RecordBatch | undefined {
    if (isControl(batch)) return this.#keepsMarker(batch) ? batch : undefined;
    const records = readRecords(batch);
    if (records === undefined) return batch;
    const horizon = deleteHorizonOf(batch);
    const kept = this.#isAborted(batch) ? [] : records.filter((record) => this.#keeps(record, horizon));
    if (kept.length === 0) return undefined;
    const needsHorizon = horizon === undefined && kept.some(({ isTombstone }) => isTombstone);
    if (needsHorizon) return withRecords(batch, kept, this.#rules.now + this.#rules.deleteRetentionMs);
    return kept.length === records.length ? batch : withRecords(batch, kept);
  }

  #keeps({ key, offset, isTombstone }: BatchRecord, horizon: number | undefined): boolean {
    if (key === null || offset < (this.#newest.get(key.toString('latin1')) ?? offset)) return false;
    return !isTombstone || this.#hasClosedBatch || horizon === undefined || this.#rules.now <= horizon;
  }

  /** Readers need the end of an aborted transaction as long as it is in the list that they are given: for ever. */
  #keepsMarker(batch: RecordBatch): boolean {
    const isCommit = markerOf(batch)?.isCommit ?? false;
    return !isCommit || this.#rules.now - batch.maxTimestamp <= this.#rules.deleteRetentionMs;
  }

  #isAborted({ producerId, baseOffset, attributes }: RecordBatch): boolean {
    return (attributes & 0x10) !== 0 && this.#rules.isAborted(producerId, baseOffset);
  }
}

/** Of what could be cleaned: bytes that were before, and that were not. */
export function isWorthwhile(cleanBytes: number, dirtyBytes: number, oldestDirtyMs: number, rules: CompactionRules): boolean {
  if (dirtyBytes === 0) return false;
  if (rules.now - oldestDirtyMs > rules.maxLagMs) return true;
  return dirtyBytes / (cleanBytes + dirtyBytes) >= rules.dirtyRatio;
}
