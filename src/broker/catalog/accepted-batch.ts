import { Compression } from '../../wire/compression/compression.ts';
import { CompressionError } from '../../wire/compression/compression-error.ts';
import { Refusal } from '../../wire/error-code.ts';
import { compressionOf, isLogAppendTime, type RecordBatch, stampTime } from '../../wire/record-batch.ts';
import { openRecords, packed, renumbered } from '../../wire/records.ts';
import { UnreadableBatch } from '../../wire/unreadable.ts';
import { checkHeader, checkSize } from './batch-checks.ts';
import { type CheckedRecords, checkRecords } from './record-checks.ts';
import type { TopicConfig } from './topic-config.ts';

/**
 * A producer's batch as it goes into the log: checked, with the times that the topic wants, and compressed as the topic's
 * `compression.type` says. The codecs that this needs were loaded.
 *
 * @param now milliseconds since 1970
 * @throws Refusal with Kafka's error for a batch that Kafka refuses
 */
export function acceptBatch(given: RecordBatch, config: TopicConfig, now: number): RecordBatch {
  checkHeader(given, config);
  const plain = decompress(given);
  const records = checkRecords(given, plain, config, now);
  const batch = withTimes(given, records, config, now);
  const target = config.compression ?? compressionOf(given);
  if (target === compressionOf(given)) return inPlace(batch, records);
  const body = records.isSequential ? plain : renumbered(batch);
  const converted = packed(batch, body, target, config.compressionLevels.get(target));
  checkSize(converted, config);
  return converted;
}

/** Kafka rewrites a compressed batch with gaps in its offsets, and fails when it has only looked at its outline before. */
function inPlace(batch: RecordBatch, { isSequential }: CheckedRecords): RecordBatch {
  if (!isSequential && compressionOf(batch) !== Compression.NONE)
    throw new Refusal('UNKNOWN_SERVER_ERROR', 'the offset deltas of a compressed batch must be 0, 1, 2, ...');
  return batch;
}

function withTimes(batch: RecordBatch, { maxTimestamp }: CheckedRecords, { timestampType }: TopicConfig, now: number): RecordBatch {
  if (timestampType === 'LogAppendTime') {
    if (isLogAppendTime(batch)) throw new Refusal('INVALID_TIMESTAMP', 'producers must not mark their batch with LogAppendTime');
    return stampTime(batch, 'LogAppendTime', now);
  }
  if (batch.maxTimestamp === maxTimestamp && !isLogAppendTime(batch)) return batch;
  return stampTime(batch, 'CreateTime', maxTimestamp);
}

function decompress(batch: RecordBatch): Buffer {
  try {
    return openRecords(batch);
  } catch (error) {
    if (!(error instanceof UnreadableBatch)) throw error;
    const problem = error.cause instanceof CompressionError ? error.cause.problem : 'corrupt';
    throw new Refusal(REFUSALS[problem], error.message);
  }
}

/** Kafka answers bytes that do not decompress as it answers any failure within. It has no limit of its own to what they expand to. */
const REFUSALS = {
  corrupt: 'UNKNOWN_SERVER_ERROR',
  'too-large': 'MESSAGE_TOO_LARGE',
  unsupported: 'UNSUPPORTED_COMPRESSION_TYPE',
} as const;
