import type { TopicPartition } from './client.ts';

/** Names a partition in maps and sets. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export interface OfTopic<P> {
  readonly topic: string;
  partitions: P[];
}

/** Groups by topic, in the order in which the topics come. */
export function byTopic<T extends TopicPartition, P>(all: readonly T[], map: (each: T) => P): Array<OfTopic<P>> {
  const topics = new Map<string, P[]>();
  for (const each of all) {
    const partitions = topics.get(each.topic);
    if (partitions === undefined) topics.set(each.topic, [map(each)]);
    else partitions.push(map(each));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
