import type { Load } from './fetch-call.ts';

interface OffsetManager {
  readonly cluster: {
    fetchTopicsOffset(
      topics: Array<{ topic: string; partitions: Array<{ partition: number }>; fromBeginning: boolean }>,
    ): Promise<Array<{ partitions: Array<{ offset: string }> }>>;
  };
  readonly topicConfigurations: Record<string, { fromBeginning?: boolean } | undefined>;
  readonly resolvedOffsets: Record<string, Record<number, string>>;
}

/**
 * When a position is out of range, kafkajs commits the literal -1 or -2 for the partition, which wipes the group's offset and
 * its metadata. Here it only moves the position; whether that is right is decided above.
 */
export function fixOffsetReset(load: Load): void {
  const { prototype } = load('kafkajs/src/consumer/offsetManager') as { prototype: { setDefaultOffset: typeof setDefaultOffset } };
  prototype.setDefaultOffset = setDefaultOffset;
}

async function setDefaultOffset(this: OffsetManager, { topic, partition }: { topic: string; partition: number }): Promise<void> {
  const fromBeginning = this.topicConfigurations[topic]?.fromBeginning ?? false;
  const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
  const offset = found?.partitions[0]?.offset;
  if (offset !== undefined) (this.resolvedOffsets[topic] ??= {})[partition] = offset;
}
