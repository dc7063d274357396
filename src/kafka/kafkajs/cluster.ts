import type { Broker as ClientBroker, Cluster as ClientCluster, Kafka, KafkaConfig } from 'kafkajs';
import type { KafkaClientOptions } from '../client.ts';
import { loadLibrary } from './library.ts';
import { clientLogLevel, createLog } from './log.ts';
import { openSocket } from './sockets.ts';

/** What kafkajs sends over a connection: a request to encode, and how to read the answer. */
export interface WireCall<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly expectResponse?: () => boolean;
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(raw: Buffer): Promise<T & { clientSideThrottleTime?: number }>;
    parse(decoded: T): Promise<T>;
  };
  readonly requestTimeout?: number;
}

/** The parts of kafkajs's broker that its types leave out. */
export interface Broker extends ClientBroker {
  readonly nodeId: number;
  readonly versions?: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: { send<T>(call: WireCall<T>): Promise<T> };
  heartbeat(request: Member & { groupId: string }): Promise<unknown>;
  joinGroup(request: { groupId: string; memberId?: string }): Promise<{ generationId: number; memberId: string }>;
  syncGroup(request: object): Promise<{ memberAssignment: Buffer }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<unknown>;
}

export interface Member {
  readonly memberId: string;
  readonly groupGenerationId: number;
}

/** kafkajs's cluster: metadata and one connection set for each broker. */
export interface Cluster extends ClientCluster {
  readonly brokerPool: { findConnectedBroker(): Promise<Broker>; refreshMetadata(topics: string[]): Promise<void> };
  findBroker(node: { nodeId: string | number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>;
}

/**
 * Every wait of the client is set here: its defaults differ under NODE_ENV=test, and some are too short (connect, 1 s) or
 * too long (request, 30 s).
 */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2, retries: 3 } as const;
export const REQUEST_TIMEOUT_MS = 15_000;
export const CONNECT_TIMEOUT_MS = 5_000;

/**
 * One `Kafka` object for each use: those made from one object share a table of committed offsets, and a second consumer
 * of the same group would empty the first one's.
 */
export function createKafka(options: KafkaClientOptions, overrides: Partial<KafkaConfig> = {}): Kafka {
  const { Kafka } = loadLibrary();
  const { clientId, brokers, ssl, sasl } = options;
  return new Kafka({
    clientId,
    brokers: [...brokers],
    socketFactory: openSocket,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: 10_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { ...RETRY },
    logLevel: clientLogLevel(),
    logCreator: createLog,
    ...overrides,
  });
}

/**
 * A cluster of its own, not connected yet. The client hands one to the factories of a consumer's assigners, which is the
 * one public way to it; that consumer is never started.
 */
export function createCluster(options: KafkaClientOptions, overrides: Partial<KafkaConfig> = {}): Cluster {
  let cluster: Cluster | undefined;
  createKafka(options, overrides).consumer({
    groupId: 'none',
    readUncommitted: true,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (context) => {
        cluster = context.cluster as Cluster;
        return { name: 'none', version: 0, assign: async () => [], protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }) };
      },
    ],
  });
  if (cluster === undefined) throw new TypeError('kafkajs did not hand its cluster to the assigner');
  return cluster;
}
