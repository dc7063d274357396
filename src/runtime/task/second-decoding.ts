import { StreamerError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { RecordValues } from '../work/agent-task.ts';
import type { Decoded, RecordDecoder } from './decoder.ts';

/** Decodes records again that were decoded before, while the serdes are synchronous. */
export class SecondDecoding implements RecordValues {
  /** False once a serde was asynchronous, or had to wait for something outside. */
  canDecodeAgain = true;
  readonly #decoder: RecordDecoder;
  readonly #partition: TopicPartition;

  constructor(decoder: RecordDecoder, partition: TopicPartition) {
    this.#decoder = decoder;
    this.#partition = partition;
  }

  decode(record: KafkaRecord): Decoded {
    const decoded = this.#decoder.decode(record);
    if (!(decoded instanceof Promise)) return decoded;
    const error = new StreamerError('USAGE', 'the serde has been synchronous so far, and now returns a promise', this.#partition);
    return { key: undefined, value: undefined, error };
  }
}
