/**
 * The seam between streamer and a Kafka client. Partitioning, order, commits, draining and failure policy live above it;
 * below it are connections, the wire and the group protocol. Only `src/kafka/kafkajs` implements it today.
 */
import type { KafkaError } from '../errors.ts';
import type { CompressionName } from '../wire/compression/compression.ts';
import type { KafkaReader, ReaderOptions } from './reader.ts';
import type { Isolation, KafkaRecords, OutputRecord, TopicPartition } from './record.ts';

export type { CompressionName } from '../wire/compression/compression.ts';
export type * from './reader.ts';
export type * from './record.ts';

export interface CommittedOffset extends TopicPartition {
  /** The next offset to be read; -1 when the group has no commit for the partition. */
  readonly offset: number;
  readonly metadata: string | null;
}

export interface Watermarks extends TopicPartition {
  readonly earliest: number;
  /**
   * `uncommitted`: the high watermark, which is the offset that the next record will get. `committed`: the last stable
   * offset, below which no transaction is open; as far as a reader of committed records gets.
   */
  readonly latest: number;
}

/**
 * The owner of a subscription: its methods are called as the membership changes and as records come. Epochs grow with every assignment. The driver announces no assignment before the
 * `revoking` of the one before has ended, or has taken longer than it may.
 */
export interface ConsumerSink {
  /**
   * New assignment. Nothing of a partition is delivered before the owner has set its position with `seek`: where to start is
   * the owner's decision, and it may take its time. If this throws, the driver ends the consumer and joins again.
   */
  assigned(partitions: readonly TopicPartition[], epoch: number): void;
  /**
   * The assignment is about to be given up. Awaited (heartbeats go on) until `deadlineMs` (epoch milliseconds) at the
   * latest; commits under `epoch` are still accepted. From its call on, no batch of this epoch is delivered. It may come
   * before the owner has set all positions.
   */
  revoking(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<void>;
  /** The assignment is gone already (session expired, fenced): commit nothing. */
  lost(partitions: readonly TopicPartition[], epoch: number): void;
  /**
   * Records of one partition in offset order, possibly none. Never awaited: enqueue and return. `nextOffset` is the
   * position behind the raw batch, gaps and control records included.
   */
  batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void;
  /** A failure after which the driver goes on by itself (`fatal` false), or one that ends the subscription. */
  failed(error: KafkaError, fatal: boolean): void;
}

export interface SubscribeOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** @default 10_000 */
  readonly sessionTimeoutMs?: number;
  /** @default 3_000 */
  readonly heartbeatIntervalMs?: number;
  /** How long `revoking` may take. @default 10_000 */
  readonly drainTimeoutMs?: number;
  /** Long-poll wait of a fetch. @default 250 */
  readonly maxWaitMs?: number;
  /** @default 1 MiB */
  readonly maxBytesPerPartition?: number;
  /** Age at which metadata of the topics is read again: added partitions are noticed then. @default 60_000 */
  readonly metadataMaxAgeMs?: number;
  /** Silence of the client, beyond what a join may take, after which a new consumer takes its place. @default 60_000 */
  readonly stallTimeoutMs?: number;
  /** Where reading goes on once the log no longer holds a position, until the owner seeks. @default 'earliest' */
  readonly start?: 'earliest' | 'latest';
  /** Groups of topics that are read together: partition p of all topics of a group goes to one member. @default none */
  readonly coPartitioned?: ReadonlyArray<readonly string[]>;
  /**
   * Of a member that keeps tables. Such members agree on a protocol of their own: where others are in the group, they wait until
   * those have left. @default a member without tables
   */
  readonly stateful?: StatefulMember | undefined;
}

/** What a member tells the leader of its group about the state that it keeps. */
export interface StatefulMember {
  readonly transactionalId: string;
  /** A partition is not moved to a member that lacks a table of its present owner. */
  readonly tables: readonly MemberTable[];
}

export interface MemberTable {
  readonly name: string;
  /** Those that it is read and written from. */
  readonly topics: readonly string[];
}

export interface Subscription {
  /** Epoch milliseconds of the last answer of a broker, once that is longer ago than a session lasts; undefined before. */
  readonly silentSince: number | undefined;
  /** Stops delivery of these partitions at once; forgotten at every new epoch. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Sets the position of the next fetch; never commits. The first one of an epoch starts the delivery of the partition. No
   * effect once the epoch is over.
   */
  seek(epoch: number, partition: TopicPartition, offset: number): void;
  /**
   * Commits next-offsets with their metadata. Rejects with a `KafkaError`: `stale` (drop it), `retry`, `fatal`.
   * A commit of an epoch that is over rejects with `stale` without asking the broker.
   */
  commit(epoch: number, offsets: readonly CommittedOffset[]): Promise<void>;
  /** What the group knows this member as in an epoch, for offsets that a transaction commits. @throws KafkaError `stale` once the epoch is over */
  member(epoch: number): GroupMembership;
  /** Transactional ids of all members of the group in an epoch, as its leader had them. Empty once the epoch is over. */
  transactionalIds(epoch: number): readonly string[];
  /**
   * What the group has committed, from the broker.
   *
   * @param options `stable` rejects with `UNSTABLE_OFFSET_COMMIT`, retryable, while a transaction holds an offset of the partitions.
   *   @default the last committed, whatever is under way
   */
  committed(partitions: readonly TopicPartition[], options?: { readonly stable?: boolean }): Promise<CommittedOffset[]>;
  /**
   * Ends the consumer of an epoch and joins with a new one, on new connections: for an owner that cannot read its positions.
   * The sink gets `lost`, `failed` with the reason, and then a new assignment. No effect once the epoch is over.
   */
  rejoin(epoch: number, reason: KafkaError): void;
  /** Leaves the group (after `revoking`) and closes. Idempotent, bounded in time. */
  close(): Promise<void>;
}

/** The member that commits offsets in a transaction: a generation that is over is refused (KIP-447). */
export interface GroupMembership {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  /** @default null: no static membership */
  readonly groupInstanceId?: string | null;
}

/** An offset to be committed from outside of a group. */
export interface GroupOffset extends TopicPartition {
  readonly offset: number;
  /** @default none */
  readonly metadata?: string | null;
}

/** A member of a group, as others see it. */
export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  /** Its address, as the broker sees it. */
  readonly host: string;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** @default 1 on a single broker, else min(3, brokers) */
  readonly replicationFactor?: number | undefined;
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface KafkaAdmin {
  /** Names of all topics, internal ones left out. */
  listTopics(): Promise<string[]>;
  /** Partition counts of those that exist, in one metadata request. */
  partitionCounts(topics: readonly string[]): Promise<Map<string, number>>;
  /**
   * Ids of those that exist, 22 characters of base64url as Kafka prints them. A topic that is deleted and created again has
   * another id. Brokers before Kafka 2.8 have none: 22 times `A`.
   */
  topicIds(topics: readonly string[]): Promise<Map<string, string>>;
  describeTopics(topics: readonly string[]): Promise<TopicDescription[]>;
  /** What holds for topics that exist, defaults of the broker included. */
  topicConfigs(topics: readonly string[]): Promise<Map<string, Readonly<Record<string, string>>>>;
  /** Sets these configs of a topic, and leaves its others as they are. */
  alterConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Has the broker check specs (names, counts, configs by name and value) without creating anything. Resolves to its
   * refusals, by topic; of topics that exist, only of their configs.
   */
  checkTopics(specs: readonly TopicSpec[]): Promise<Map<string, string>>;
  /** Resolves when the topics can be used, to which were created (`true`) and which existed (`false`). */
  createTopics(specs: readonly TopicSpec[]): Promise<Map<string, boolean>>;
  addPartitions(topic: string, total: number): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Deletes the records below these offsets. */
  deleteRecords(offsets: ReadonlyArray<TopicPartition & { offset: number }>): Promise<void>;
  /** @param options `isolation` says which end is meant; `uncommitted` by default */
  watermarks(topic: string, options?: { readonly isolation?: Isolation }): Promise<Watermarks[]>;
  /** First offset at or after the time, per partition; the high watermark where there is none. */
  offsetsAt(topic: string, timestampMs: number): Promise<Array<TopicPartition & { offset: number }>>;
  /** Members of a group, from its coordinator; none for a group that does not exist. */
  groupMembers(groupId: string): Promise<GroupMember[]>;
  /**
   * What a group has committed for each partition of the topics.
   *
   * @param options `stable`: waits for transactions that hold offsets of the group, which takes Kafka 2.5. @default false
   */
  groupOffsets(groupId: string, topics: readonly string[], options?: { readonly stable?: boolean }): Promise<CommittedOffset[]>;
  /** Commits offsets for a group without members. @throws KafkaError `NON_EMPTY_GROUP` (rejects) for one that has some */
  setGroupOffsets(groupId: string, offsets: readonly GroupOffset[]): Promise<void>;
  deleteGroups(groupIds: readonly string[]): Promise<void>;
}

export interface KafkaProducer {
  /**
   * Sends records; all carry their partition, and those of one partition keep their order. Resolves to the offset of each
   * record, by position. Rejects with a `KafkaError` whose `reason` is `retry` (nothing or only a part was written; the
   * driver has already tried for a while), or with a `RefusedRecordsError` that names the records refused for good: all
   * others were written. One call at a time: the caller awaits before the next.
   */
  send(records: readonly OutputRecord[]): Promise<number[]>;
  close(): Promise<void>;
}

/** Transactions of one transactional id. */
export interface KafkaTransactions {
  readonly transactionalId: string;
  /**
   * Writes records and the offsets of a group in one transaction: both, or neither. One call at a time. After a transaction that
   * did not end in order, the next one begins with a raised epoch: what was left open is aborted, and nothing that was still on
   * its way is accepted any more.
   *
   * @throws TransactionError (rejects) unless it was committed. Its `outcome` says whether it may be; its `reason`:
   *   `stale` when the member's generation is over, `retry` when the same may be written again (after another producer has taken
   *   the id, too), any other when it never will be accepted
   */
  write(records: readonly OutputRecord[], member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void>;
  /** Ends what a `write` that failed may have left open, after the one that is under way. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface KafkaClient {
  /** `kafkajs 2.2.4`, for logs. */
  readonly name: string;
  /** Resolves when a broker has answered; rejects with a `KafkaError` that names the addresses tried. */
  connect(timeoutMs?: number): Promise<void>;
  /**
   * Joins a group, and reads topics as its member. `sink` gets the subscription before anything is joined, and returns its
   * owner. Resolves when the owner is there, not when it has partitions. @throws ConfigError for options that cannot work
   */
  subscribe(options: SubscribeOptions, sink: (subscription: Subscription) => ConsumerSink): Promise<Subscription>;
  producer(): Promise<KafkaProducer>;
  /**
   * Resolves when older producers of the id are fenced, and what they left open has ended.
   *
   * @throws KafkaError (rejects) `fatal`, `UNSUPPORTED_VERSION`, where the broker lacks a request that transactions need
   */
  transactions(transactionalId: string): Promise<KafkaTransactions>;
  /** Reads partitions outside of any group. Nothing is fetched before its `read` is called. */
  reader(options?: ReaderOptions): Promise<KafkaReader>;
  /** Ends the transaction that a producer of the id has left open, and resolves when its end has reached every partition. */
  fence(transactionalId: string): Promise<void>;
  admin(): Promise<KafkaAdmin>;
  /** Closes everything opened through this client. Idempotent, bounded in time. */
  close(): Promise<void>;
}

export interface KafkaClientOptions {
  readonly clientId: string;
  readonly brokers: readonly string[];
  /** How batches for a topic are compressed. @default none */
  readonly compression?: ((topic: string) => CompressionName) | undefined;
  /** Largest size to which one compressed batch may expand when it is read. @default 67108864 (64 MiB) */
  readonly maxBatchBytes?: number | undefined;
  readonly ssl?: boolean | import('node:tls').ConnectionOptions | undefined;
  readonly sasl?:
    | { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string }
    | undefined;
}

export type KafkaClientFactory = (options: KafkaClientOptions) => KafkaClient;
