import { KafkaError } from '../errors.ts';
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
      next: 'Compare with another consumer. If the batch is damaged on the broker, move the group behind it (streamer groups reset), which gives its records up.',
    });
  }
}
