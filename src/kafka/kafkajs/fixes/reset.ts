import type { TopicPartition } from '../../client.ts';
import type { Load } from './load.ts';

/** Set on a consumer's cluster: called with the position that an out-of-range one was moved to. */
export const ON_RESET = Symbol('streamerjs.onReset');
export type OnReset = (tp: TopicPartition, offset: number) => void;

interface OffsetManager {
  readonly cluster: {
    [ON_RESET]?: OnReset;
    fetchTopicsOffset(
      topics: Array<{ topic: string; partitions: Array<{ partition: number }>; fromBeginning: boolean }>,
    ): Promise<Array<{ partitions: Array<{ offset: string }> }>>;
  };
  readonly topicConfigurations: Record<string, { fromBeginning?: boolean } | undefined>;
  readonly resolvedOffsets: Record<string, Record<number, string>>;
}

/**
 * When a position is out of range, kafkajs commits the literal -1 or -2 for the partition, which wipes the group's offset and
 * its metadata. Here it only moves the position and reports it; the owner of the subscription decides what follows.
 */
export function fixOffsetReset(load: Load): void {
  const { prototype } = load('kafkajs/src/consumer/offsetManager') as { prototype: { setDefaultOffset: typeof setDefaultOffset } };
  prototype.setDefaultOffset = setDefaultOffset;
}

async function setDefaultOffset(this: OffsetManager, { topic, partition }: { topic: string; partition: number }): Promise<void> {
  const fromBeginning = this.topicConfigurations[topic]?.fromBeginning ?? false;
  const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
  const offset = found?.partitions[0]?.offset;
  if (offset === undefined) return;
  (this.resolvedOffsets[topic] ??= {})[partition] = offset;
  this.cluster[ON_RESET]?.({ topic, partition }, Number(offset));
}
