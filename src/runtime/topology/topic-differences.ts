import type { TopicSpec } from '../../kafka/index.ts';

/** Something that a topic has otherwise than the app declares. */
export interface TopicDifference {
  /** `partitions`, `replication factor`, or the name of a config. */
  readonly what: string;
  readonly is: string;
  readonly wanted: string;
  readonly text: string;
}

export interface FoundTopic {
  readonly partitions: number;
  readonly replicationFactor?: number | undefined;
  /** All configs in effect, defaults of the broker included. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

/** Compares only what the app declares, and of that only what is known of the topic. */
export function topicDifferences(spec: TopicSpec, found: FoundTopic): TopicDifference[] {
  const differences: TopicDifference[] = [];
  if (found.partitions !== spec.partitions) {
    const tooMany = found.partitions > spec.partitions ? ': partitions cannot be removed' : '';
    const has = `${found.partitions} partition${found.partitions === 1 ? '' : 's'}`;
    const text = `has ${has}, the app declares ${spec.partitions}${tooMany}`;
    differences.push({ what: 'partitions', is: String(found.partitions), wanted: String(spec.partitions), text });
  }
  const { replicationFactor: replicas } = found;
  if (replicas !== undefined && spec.replicationFactor !== undefined && replicas !== spec.replicationFactor) {
    const text = `replication factor is ${replicas}, the app declares ${spec.replicationFactor}`;
    differences.push({ what: 'replication factor', is: String(replicas), wanted: String(spec.replicationFactor), text });
  }
  for (const [what, wanted] of Object.entries(found.configs === undefined ? {} : (spec.configs ?? {}))) {
    const is = found.configs?.[what];
    if (is === undefined || meaning(is) !== meaning(wanted))
      differences.push({ what, is: is ?? 'not set', wanted, text: `${what} is ${is ?? 'not set'}, the app declares ${wanted}` });
  }
  return differences;
}

/** Brokers may keep `01000` as it was given, or as `1000`; the order of a list, as of `cleanup.policy`, has no meaning. */
function meaning(value: string): string {
  const parts = value.split(',').map((part) => {
    const text = part.trim();
    if (/^-?\d+$/.test(text)) return String(BigInt(text));
    return /^-?\d*\.\d+$/.test(text) ? String(Number(text)) : text.replace(/^(true|false)$/i, (word) => word.toLowerCase());
  });
  return parts.sort().join();
}
