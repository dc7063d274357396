import { createRequire } from 'node:module';
import { KafkaError } from '../../errors.ts';
import type { TopicSpec } from '../client.ts';
import type { Cluster, WireCall } from './cluster.ts';
import { codeName } from './protocol.ts';

const load = createRequire(import.meta.url);
const API_KEY = 19;
/** The newest that kafkajs can write; all have `validate_only`. */
const VERSIONS = [1, 3] as const;
const TIMEOUT_MS = 15_000;

/** Topics that are there already need no check, and what wants a right is told where it is done. */
const UNSAID = new Set(['TOPIC_ALREADY_EXISTS', 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED']);

interface TopicRefusal {
  /** Kafka's name of the error. */
  readonly code: string;
  readonly why: string;
}

interface Created {
  readonly topicErrors: ReadonlyArray<{ readonly topic: string; readonly errorCode: number; readonly errorMessage: string | null }>;
}

interface Definitions {
  protocol(options: {
    version: number;
  }): (request: {
    topics: ReadonlyArray<{ topic: string; numPartitions: number; replicationFactor: number; configEntries: unknown[] }>;
    validateOnly: boolean;
    timeout: number;
  }) => WireCall<Created>;
}

/**
 * What the broker would say if the topics were created; nothing is. By topic, in the broker's own words, which kafkajs
 * drops on the way. Topics that are there already have nothing said of them.
 */
export async function refusalsOf(cluster: Cluster, specs: readonly TopicSpec[], replicas: number): Promise<Map<string, TopicRefusal>> {
  if (specs.length === 0) return new Map();
  await cluster.refreshMetadata();
  const broker = await cluster.findControllerBroker();
  const newest = broker.versions?.[API_KEY]?.maxVersion ?? VERSIONS[0];
  const { protocol } = load('kafkajs/src/protocol/requests/createTopics') as Definitions;
  const topics = specs.map(({ name, partitions, replicationFactor, configs }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor: replicationFactor ?? replicas,
    configEntries: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
  }));
  const call = protocol({ version: Math.min(VERSIONS[1], newest) })({ topics, validateOnly: true, timeout: TIMEOUT_MS });
  const { topicErrors } = await broker.connectionPool.send({
    ...call,
    response: { decode: call.response.decode, parse: async (answer: Created) => answer },
  });
  const refused = new Map<string, TopicRefusal>();
  for (const { topic, errorCode, errorMessage } of topicErrors) {
    const code = codeName(errorCode);
    if (errorCode === 0 || UNSAID.has(code)) continue;
    if (code === 'NOT_CONTROLLER') throw new KafkaError('retry', `checking topic "${topic}": ${code}`, { topic, kafkaCode: code });
    refused.set(topic, { code, why: errorMessage ? `${errorMessage} (${code})` : code });
  }
  return refused;
}
