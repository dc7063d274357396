import type { TopicPartition } from '../../kafka/index.ts';

/** `orders [0 1 2]  users [0]` */
export function perTopic(partitions: readonly TopicPartition[]): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([topic, numbers]) => `${topic} [${numbers.sort((a, b) => a - b).join(' ')}]`)
    .join('  ');
}

/** As JSON has it: `{"partitions":["orders[0]"]}` */
export function listOf(partitions: readonly TopicPartition[]): { readonly partitions: string[] } {
  return { partitions: partitions.map(({ topic, partition }) => `${topic}[${partition}]`).sort() };
}

/** `orders[0]@42 (agent "charge")` */
export function placeOf({ agent, topic, partition, offset }: RecordPlace): string {
  return `${topic}[${partition}]${offset === undefined ? '' : `@${offset}`}${agent === undefined ? '' : ` (agent "${agent}")`}`;
}

export interface RecordPlace extends TopicPartition {
  readonly agent?: string | undefined;
  readonly offset?: number | undefined;
}
