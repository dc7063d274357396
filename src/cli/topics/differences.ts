import type { TopicDescription, TopicSpec } from '../../kafka/index.ts';

/** What a topic has otherwise than it is wanted; configs that were not asked for are nobody's business. */
export function differencesOf(spec: TopicSpec, found: TopicDescription, isGrown: boolean): string[] {
  const differences: string[] = [];
  if (found.partitions !== spec.partitions && !isGrown) {
    differences.push(`has ${found.partitions} partition${found.partitions === 1 ? '' : 's'}, app wants ${spec.partitions}`);
  }
  if (spec.replicationFactor !== undefined && found.replicationFactor !== spec.replicationFactor) {
    differences.push(`replication factor is ${found.replicationFactor}, app wants ${spec.replicationFactor}`);
  }
  for (const [name, wanted] of Object.entries(spec.configs ?? {})) {
    const value = found.configs[name];
    if (value !== wanted) differences.push(`${name} is ${value ?? 'not set'}, app wants ${wanted}`);
  }
  return differences;
}
