import { KafkaError } from '../../errors.ts';
import { createTopics } from '../../wire/apis/admin.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { TopicSpec } from '../client.ts';
import type { Cluster } from './cluster.ts';
import { request } from './request.ts';

const TIMEOUT_MS = 15_000;

/** Topics that exist need no check, and a missing right is reported where it is needed. */
const UNSAID: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.TOPIC_ALREADY_EXISTS,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
]);

export interface TopicRefusal {
  /** Kafka's name of the error. */
  readonly code: string;
  readonly why: string;
}

/**
 * Asks the broker what it would say if the topics were created; nothing is. By topic, in the broker's own words, which
 * kafkajs drops. Of topics that exist nothing is said.
 */
export async function refusalsOf(cluster: Cluster, specs: readonly TopicSpec[], replicas: number): Promise<Map<string, TopicRefusal>> {
  const refused = new Map<string, TopicRefusal>();
  if (specs.length === 0) return refused;
  await cluster.refreshMetadata();
  const broker = await cluster.findControllerBroker();
  const topics = specs.map(({ name, partitions, replicationFactor, configs = {} }) => ({
    name,
    numPartitions: partitions,
    replicationFactor: replicationFactor ?? replicas,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }));
  const answer = await request(broker, createTopics, { topics, timeoutMs: TIMEOUT_MS, validateOnly: true });
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (UNSAID.has(errorCode)) continue;
    const code = errorName(errorCode);
    if (errorCode === ErrorCode.NOT_CONTROLLER)
      throw new KafkaError('retry', `checking topic "${name}": ${code}`, { topic: name, kafkaCode: code });
    refused.set(name, { code, why: errorMessage ? `${errorMessage} (${code})` : code });
  }
  return refused;
}
