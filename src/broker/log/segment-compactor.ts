import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordBatch } from '../../wire/record-batch.ts';
import type { Files } from '../storage/files.ts';
import { Compaction, type CompactionRules, isTooYoung, isWorthwhile } from './compaction.ts';
import type { Segment } from './segment.ts';
import { type Rewritten, rewriteSegment, rewrittenPath } from './segment-rewrite.ts';

// Compaction leaves gaps. A recovery accepts them only up to the offset in `compacted`, which is on the disk before the first batch
// goes, and only segments are rewritten that no recovery goes through again (a .producers file comes after them). An emptied segment
// keeps its last batch without records, or its end, and the log's start, would move.

/** What the compaction of a log on disk needs of it. Its calls throw what the file system throws. */
export interface CompactedLog {
  readonly files: Files;
  /** Segments before the one that is written to, oldest first, as far as they are on the disk for good. */
  settledSegments(): readonly Segment[];
  /** Each key before it is there once. */
  readonly cleanedTo: number;
  /** Comes before anything is removed before `offset`. */
  allowGaps(offset: number): void;
  markCleaned(offset: number): void;
  /** Is the segment still there, and the log in use? */
  holds(segment: Segment): boolean;
  /** Puts the file that was written beside the segment in its place. */
  replace(segment: Segment, rewritten: Rewritten): void;
}

/**
 * Cleans the segments of one log, one at a time, with the event loop's other work between them. A segment is rewritten
 * beside the old one, synced, and renamed into its place: whenever it stops, every segment is either the old or the new.
 */
export async function compactSegments(log: CompactedLog, rules: CompactionRules): Promise<void> {
  const within = cleanable(log, rules);
  const dirty = within.filter(({ baseOffset }) => baseOffset >= log.cleanedTo);
  const clean = within.filter(({ baseOffset }) => baseOffset < log.cleanedTo);
  if (!isWorthwhile(bytesOf(clean), bytesOf(dirty), dirty[0]?.firstTimestamp ?? rules.now, rules)) return;
  const compaction = new Compaction(rules);
  for (const segment of clean) await eachBatch(segment, log, (batch) => compaction.lookAt(batch));
  const learnt: Segment[] = [];
  for (const segment of dirty) {
    if (compaction.isFull) break;
    await eachBatch(segment, log, (batch) => compaction.learn(batch));
    learnt.push(segment);
  }
  const last = learnt.at(-1);
  if (last === undefined || !log.holds(last)) return;
  const upTo = last.nextOffset;
  log.allowGaps(upTo);
  for (const segment of [...clean, ...learnt]) await rewrite(segment, log, compaction);
  if (log.holds(log.settledSegments()[0] ?? last)) log.markCleaned(upTo);
}

function cleanable(log: CompactedLog, rules: CompactionRules): readonly Segment[] {
  const all = log.settledSegments();
  const end = all.findIndex((segment) => segment.nextOffset > rules.limitOffset || isTooYoung(segment.maxTimestamp, rules));
  return end < 0 ? all : all.slice(0, end);
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}

async function eachBatch(segment: Segment, log: CompactedLog, visit: (batch: RecordBatch) => void): Promise<void> {
  await nextTurn();
  if (!log.holds(segment)) return;
  for (const batch of segment.batches()) visit(batch);
}

/** While it is synced the log may be closed, or drop the segment. */
async function rewrite(segment: Segment, log: CompactedLog, compaction: Compaction): Promise<void> {
  await nextTurn();
  if (!log.holds(segment) || segment.size === 0) return;
  const rewritten = await rewriteSegment(segment, compaction, log.files);
  if (rewritten !== undefined && log.holds(segment)) log.replace(segment, rewritten);
  else log.files.removeFile(rewrittenPath(segment));
}
