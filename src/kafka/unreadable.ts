import { KafkaError } from '../errors.ts';
import { CompressionError } from '../wire/compression/compression-error.ts';
import type { TopicPartition } from './client.ts';

/**
 * A record batch that came whole and cannot be read: its checksum does not fit, its codec is not known, its records are cut
 * off. `place` names topic, partition and the batch's first offset; `cause` says what is wrong with it.
 */
export class UnreadableBatchError extends KafkaError {
  override name = 'UnreadableBatchError';

  constructor({ topic, partition }: TopicPartition, offset: number, cause: Error) {
    super('fatal', `the record batch at offset ${offset} of ${topic}[${partition}] cannot be read: ${cause.message}`, {
      topic,
      partition,
      offset,
      cause,
      next:
        adviceOf(cause) ??
        'See whether another consumer can read it. To give its records up: --on-unreadable skip writes the batch to the dead-letter topic and goes on behind it.',
    });
  }
}

function adviceOf({ cause }: Error): string | undefined {
  if (!(cause instanceof CompressionError)) return undefined;
  if (cause.problem === 'too-large')
    return 'Allow more with the setting maxBatchBytes (--max-batch-bytes N), if the producer is to be trusted.';
  return cause.next;
}
