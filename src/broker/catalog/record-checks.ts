import { Refusal } from '../../wire/error-code.ts';
import { isLogAppendTime, type RecordBatch } from '../../wire/record-batch.ts';
import { RecordCursor } from '../../wire/record-cursor.ts';
import type { TopicConfig } from './topic-config.ts';

/** What the records of a batch say together. */
export interface CheckedRecords {
  /** Milliseconds since 1970; -1 when no record has a time. */
  readonly maxTimestamp: number;
  /** Are the offset deltas 0, 1, 2, ...? */
  readonly isSequential: boolean;
}

/**
 * Checks each record of a producer's batch as Apache Kafka does: its structure, its key on a compacted topic, its time.
 *
 * @param body the records' bytes, decompressed
 * @param now milliseconds since 1970
 * @throws Refusal with Kafka's error for the first record that is wrong
 */
export function checkRecords(batch: RecordBatch, body: Buffer, config: TopicConfig, now: number): CheckedRecords {
  const { recordCount, baseTimestamp } = batch;
  const appendedAt = isLogAppendTime(batch) ? batch.maxTimestamp : undefined;
  const times = new TimeRange(config, now);
  const cursor = new RecordCursor(body);
  let maxTimestamp = -1;
  let isSequential = true;
  for (let i = 0; i < recordCount; i++) {
    const end = enterRecord(cursor, i, recordCount);
    const timestampDelta = cursor.varint();
    const timestamp = appendedAt ?? baseTimestamp + timestampDelta;
    if (cursor.varint() !== i) isSequential = false;
    const hasKey = cursor.skip() >= 0;
    cursor.skip();
    skipHeaders(cursor, end, i);
    if (cursor.at !== end) throw invalid(`record ${i} does not end where its length says`);
    if (config.isCompacted && !hasKey) throw invalid(`record ${i} has no key, and the topic is compacted`);
    times.check(timestamp, i);
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
  }
  if (cursor.at !== body.length) throw invalid(`${body.length - cursor.at} bytes follow the ${recordCount} records that the batch counts`);
  return { maxTimestamp, isSequential };
}

/** Moves behind the record's attributes. @returns where it ends */
function enterRecord(cursor: RecordCursor, index: number, count: number): number {
  const { bytes } = cursor;
  const length = cursor.varint();
  const end = cursor.at + length;
  if (length < 0 || end > bytes.length) throw invalid(`record ${index} of ${count} does not fit in the batch`);
  cursor.at += 1;
  return end;
}

function skipHeaders(cursor: RecordCursor, end: number, index: number): void {
  const count = cursor.varint();
  if (count < 0 || count > end - cursor.at) throw invalid(`record ${index} counts ${count} headers`);
  for (let i = 0; i < count; i++) {
    if (cursor.skip() < 0) throw invalid(`header ${i} of record ${index} has no name`);
    cursor.skip();
    if (cursor.at > end) return;
  }
}

/** The times that a topic accepts. */
class TimeRange {
  readonly #config: TopicConfig;
  readonly #now: number;
  readonly #earliest: number;
  readonly #latest: number;

  constructor(config: TopicConfig, now: number) {
    this.#config = config;
    this.#now = now;
    const { timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = config;
    const isCreateTime = timestampType === 'CreateTime';
    this.#earliest = isCreateTime ? now - timestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
    this.#latest = isCreateTime ? now + timestampAfterMaxMs : Number.POSITIVE_INFINITY;
  }

  /** A time of -1 stands for none. @throws Refusal INVALID_TIMESTAMP */
  check(timestamp: number, index: number): void {
    if (timestamp === -1 || (timestamp >= this.#earliest && timestamp <= this.#latest)) return;
    const { timestampBeforeMaxMs: before, timestampAfterMaxMs: after } = this.#config;
    throw new Refusal(
      'INVALID_TIMESTAMP',
      `the time ${timestamp} of record ${index} is not within ${before} ms before and ${after} ms after ${this.#now}`,
    );
  }
}

function invalid(message: string): Refusal {
  return new Refusal('INVALID_RECORD', message);
}
