import { Compression } from '../../wire/compression/compression.ts';
import { Refusal } from '../../wire/error-code.ts';
import { compressionOf, hasValidCrc, isControl, type RecordBatch } from '../../wire/record-batch.ts';
import type { TopicConfig } from './topic-config.ts';

/**
 * Checks the header of a producer's batch as Apache Kafka does, in the same order. The leader epoch in it is the producer's
 * guess and is ignored.
 *
 * @throws Refusal with Kafka's error for the first thing that is wrong
 */
export function checkHeader(batch: RecordBatch, config: TopicConfig): void {
  if (batch.baseOffset !== 0) throw invalid(`the base offset must be 0, and is ${batch.baseOffset}`);
  checkSize(batch, config);
  if (!hasValidCrc(batch)) throw new Refusal('CORRUPT_MESSAGE', 'the checksum of the batch does not match its bytes');
  checkCounts(batch);
  if (isControl(batch)) throw invalid('clients must not write control batches');
  if (batch.producerId >= 0 && batch.baseSequence < 0)
    throw invalid(`producer id ${batch.producerId} comes with the invalid sequence number ${batch.baseSequence}`);
  // Kafka fails to find such a codec where it expects one, and answers as for any failure within.
  if (compressionOf(batch) > Compression.ZSTD)
    throw new Refusal('UNKNOWN_SERVER_ERROR', `there is no compression ${compressionOf(batch)}; expected 0 to ${Compression.ZSTD}`);
}

/** Also after a conversion, which may make a batch larger. @throws Refusal MESSAGE_TOO_LARGE */
export function checkSize({ bytes }: Pick<RecordBatch, 'bytes'>, { maxMessageBytes }: TopicConfig): void {
  if (bytes.length > maxMessageBytes)
    throw new Refusal('MESSAGE_TOO_LARGE', `a batch of ${bytes.length} bytes exceeds the topic's max.message.bytes of ${maxMessageBytes}`);
}

function checkCounts({ lastOffsetDelta, recordCount }: RecordBatch): void {
  if (lastOffsetDelta < 0 || recordCount !== lastOffsetDelta + 1)
    throw invalid(`the batch counts ${recordCount} records, and its last offset delta is ${lastOffsetDelta}`);
}

function invalid(message: string): Refusal {
  return new Refusal('INVALID_RECORD', message);
}
