import type { TopicPartition } from '../../kafka/index.ts';

/** `orders[0]` */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}
