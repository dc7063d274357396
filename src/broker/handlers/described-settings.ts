import { Refusal } from '../../wire/error-code.ts';
import type { Topic } from '../catalog/topic.ts';
import { ConfigType, TOPIC_CONFIGS } from '../catalog/topic-configs.ts';
import type { Cluster } from '../cluster.ts';

/** Where a value comes from, as DescribeConfigs numbers it. */
const Source = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;

export interface DescribedSetting {
  readonly name: string;
  readonly value: string;
  readonly readOnly: boolean;
  readonly source: number;
  readonly isSensitive: boolean;
  readonly type: number;
  readonly synonyms: readonly { name: string; value: string; source: number }[];
}

export function topicSettings(topic: Topic): readonly DescribedSetting[] {
  return Object.entries(TOPIC_CONFIGS).map(([name, { type }]) => {
    const { value, isOwn } = topic.setting(name);
    const fallback = { name, value: topic.fallback(name), source: Source.DEFAULT };
    const synonyms = isOwn ? [{ name, value, source: Source.TOPIC }, fallback] : [fallback];
    return { name, value, readOnly: false, source: isOwn ? Source.TOPIC : Source.DEFAULT, isSensitive: false, type, synonyms };
  });
}

/** What the broker itself is set to, under Kafka's names. @throws Refusal INVALID_REQUEST for a node that is not here */
export function brokerSettings(cluster: Cluster, nodeId: string): readonly DescribedSetting[] {
  // The settings of all brokers together: none is kept there.
  if (nodeId === '') return [];
  const node = cluster.nodes().find(({ id }) => String(id) === nodeId);
  if (node === undefined) throw new Refusal('INVALID_REQUEST', `Unexpected broker id ${nodeId}`);
  const { autoCreateTopics, defaultPartitions, limits } = cluster.settings;
  const settings: [name: string, value: string | number | boolean, type: number][] = [
    ['auto.create.topics.enable', autoCreateTopics, ConfigType.BOOLEAN],
    ['connections.max.idle.ms', limits.idleMs, ConfigType.LONG],
    ['default.replication.factor', 1, ConfigType.INT],
    ['group.initial.rebalance.delay.ms', 0, ConfigType.INT],
    ['group.max.session.timeout.ms', limits.maxSessionMs, ConfigType.INT],
    ['group.max.size', limits.groupMembers, ConfigType.INT],
    ['group.min.session.timeout.ms', limits.minSessionMs, ConfigType.INT],
    ['listeners', `PLAINTEXT://${node.host}:${node.port}`, ConfigType.STRING],
    ['log.retention.bytes', limits.partitionBytes, ConfigType.LONG],
    ['max.connections', limits.connections, ConfigType.INT],
    ['node.id', node.id, ConfigType.INT],
    ['num.partitions', defaultPartitions, ConfigType.INT],
    ['socket.request.max.bytes', limits.frameBytes, ConfigType.INT],
  ];
  return settings.map(([name, value, type]) => ({
    name,
    value: String(value),
    readOnly: true,
    source: Source.STATIC_BROKER,
    isSensitive: false,
    type,
    synonyms: [{ name, value: String(value), source: Source.STATIC_BROKER }],
  }));
}
