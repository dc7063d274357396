import type { TopicPartition } from '../../kafka/index.ts';

/** `customer_pred [0 1], customer_seniors [1]` */
export function nameOf(partitions: readonly TopicPartition[]): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, numbers]) => `${topic} [${numbers.join(' ')}]`).join(', ');
}
