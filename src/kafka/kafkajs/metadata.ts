import { createRequire } from 'node:module';
import type { Broker, Cluster, WireCall } from './cluster.ts';

const load = createRequire(import.meta.url);
const API_KEY = 3;
const NEWEST = 6;

export interface PartitionMetadata {
  readonly partitionId: number;
  readonly partitionErrorCode: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
}

export interface TopicMetadata {
  readonly topic: string;
  readonly topicErrorCode: number;
  readonly isInternal?: boolean;
  readonly partitionMetadata: readonly PartitionMetadata[];
}

interface Metadata {
  readonly brokers: ReadonlyArray<{ readonly nodeId: number }>;
  readonly topicMetadata: readonly TopicMetadata[];
}

interface Definitions {
  protocol(options: { version: number }): (request: { topics: readonly string[]; allowAutoTopicCreation: boolean }) => WireCall<Metadata>;
}

/**
 * Metadata of the named topics, or of all for none, with the errors of each left in: kafkajs's own reading fails as a
 * whole if one topic of the cluster has a partition without leader.
 */
export async function readMetadata(cluster: Cluster, topics: readonly string[]): Promise<Metadata> {
  const broker = await cluster.brokerPool.findConnectedBroker();
  const { protocol } = load('kafkajs/src/protocol/requests/metadata') as Definitions;
  const call = protocol({ version: newest(broker) })({ topics, allowAutoTopicCreation: false });
  return broker.connectionPool.send({ ...call, response: { decode: call.response.decode, parse: async (answer) => answer } });
}

const newest = (broker: Broker): number => Math.min(NEWEST, broker.versions?.[API_KEY]?.maxVersion ?? 1);
