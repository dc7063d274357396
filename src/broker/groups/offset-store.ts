export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface TopicOffsets {
  readonly name: string;
  readonly partitions: readonly (CommittedOffset & { readonly index: number })[];
}

const NONE: CommittedOffset = { offset: -1, leaderEpoch: -1, metadata: '' };

/** The offsets that one group has committed. */
export class OffsetStore {
  private readonly topics = new Map<string, Map<number, CommittedOffset>>();

  get isEmpty(): boolean {
    return this.topics.size === 0;
  }

  set(topic: string, partition: number, committed: CommittedOffset): void {
    let partitions = this.topics.get(topic);
    if (partitions === undefined) this.topics.set(topic, (partitions = new Map()));
    partitions.set(partition, committed);
  }

  /** The commit, or offset -1 where there is none, as Kafka says it. */
  get(topic: string, partition: number): CommittedOffset {
    return this.topics.get(topic)?.get(partition) ?? NONE;
  }

  all(): TopicOffsets[] {
    return [...this.topics].map(([name, partitions]) => ({
      name,
      partitions: [...partitions].map(([index, committed]) => ({ index, ...committed })),
    }));
  }

  deleteTopic(topic: string): void {
    this.topics.delete(topic);
  }
}
