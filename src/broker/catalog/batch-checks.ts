import { Compression } from '../../wire/compression/compression.ts';
import { Refusal } from '../../wire/error-code.ts';
import { compressionOf, hasValidCrc, isControl, type RecordBatch } from '../../wire/record-batch.ts';
import { readPositions } from '../../wire/records.ts';
import type { TopicConfig } from './topic-config.ts';

/**
 * What Apache Kafka checks of a producer's batch before it is appended, in the same order of importance. The leader
 * epoch and base offset in the header are the producer's guesses and are not looked at.
 *
 * @throws Refusal with Kafka's error for the first thing that is wrong
 */
export function checkBatch(batch: RecordBatch, config: TopicConfig, now: number): void {
  const { bytes, producerId, baseSequence } = batch;
  if (bytes.length > config.maxMessageBytes) {
    throw new Refusal(
      'MESSAGE_TOO_LARGE',
      `a batch of ${bytes.length} bytes is over the topic's max.message.bytes of ${config.maxMessageBytes}`,
    );
  }
  if (!hasValidCrc(batch)) throw new Refusal('CORRUPT_MESSAGE', 'the checksum of the batch does not fit its bytes');
  if (isControl(batch)) throw new Refusal('INVALID_RECORD', 'producers may not write control batches');
  checkCounts(batch);
  if (producerId >= 0 && baseSequence < 0) {
    throw new Refusal('INVALID_RECORD', `invalid sequence number ${baseSequence} with producer id ${producerId}`);
  }
  if (compressionOf(batch) > Compression.ZSTD)
    throw new Refusal('UNSUPPORTED_COMPRESSION_TYPE', `there is no compression ${compressionOf(batch)}`);
  if (config.timestampType === 'CreateTime') checkTimes(batch, config, now);
  if (config.isCompacted) checkKeys(batch);
}

function checkCounts({ lastOffsetDelta, recordCount }: RecordBatch): void {
  if (lastOffsetDelta < 0 || recordCount !== lastOffsetDelta + 1) {
    throw new Refusal('INVALID_RECORD', `the batch counts ${recordCount} records, its last offset delta is ${lastOffsetDelta}`);
  }
}

function checkTimes(batch: RecordBatch, config: TopicConfig, now: number): void {
  const isLate = batch.maxTimestamp - now > config.timestampAfterMaxMs;
  const isEarly = batch.baseTimestamp >= 0 && now - batch.baseTimestamp > config.timestampBeforeMaxMs;
  if (isLate || isEarly) {
    throw new Refusal(
      'INVALID_TIMESTAMP',
      `timestamps ${batch.baseTimestamp} to ${batch.maxTimestamp} are out of the range that the topic allows`,
    );
  }
}

function checkKeys(batch: RecordBatch): void {
  const withoutKey = readPositions(batch)?.findIndex((record) => !record.hasKey) ?? -1;
  if (withoutKey >= 0) throw new Refusal('INVALID_RECORD', `record ${withoutKey} of the batch has no key, and the topic is compacted`);
}
