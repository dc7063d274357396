import type { Load } from './load.ts';

/** A dictionary that inherits nothing, so that any name can be a key: `constructor`, `__proto__`. */
type Bare<T> = { [topic: string]: T };

interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
}

interface TopicOffsets {
  readonly topic: string;
  readonly partitions: PartitionOffset[];
}

interface Cluster {
  readonly committedOffsetsByGroup: Map<string, Bare<Bare<string>>>;
  fetchTopicsOffset(topics: readonly { readonly topic: string }[]): Promise<TopicOffsets[]>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{ listOffsets(request: object): Promise<{ responses: TopicOffsets[] }> }>;
  defaultOffset(options: { fromBeginning?: boolean | undefined }): string;
  readonly isolationLevel: number;
}

interface AskedTopic {
  readonly topic: string;
  readonly partitions: ReadonlyArray<{ readonly partition: number }>;
  readonly fromBeginning?: boolean;
  readonly fromTimestamp?: string | number;
}

interface OffsetManager {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly memberAssignment: Bare<number[]>;
  readonly topicConfigurations: Bare<object>;
  resolvedOffsets: Bare<Bare<string>>;
  committedOffsets(): Bare<Bare<string>>;
  getCoordinator(): Promise<{ offsetFetch(request: object): Promise<{ responses: TopicOffsets[] }> }>;
}

interface ConsumerGroup {
  topics: string[];
  topicsSubscribed: string[];
  topicConfigurations: Bare<unknown>;
  preferredReadReplicasPerTopicPartition: object;
  readonly subscriptionState: { readonly subscriptionStatesByTopic: object };
  connect(): Promise<void>;
}

interface Decoder {
  canReadInt16(): boolean;
  readInt16(): number;
  readString(): string;
  readInt32(): number;
  readBytes(): Buffer;
  readArray<T>(read: (decoder: Decoder) => T): T[];
}

/**
 * kafkajs keeps topics in plain objects, so that a topic named as one of their properties is taken for something that is there already
 * (`constructor`), or is lost (`__proto__`). Here these objects inherit nothing.
 */
export function fixNames(load: Load): void {
  const { prototype: cluster }: { prototype: object } = load('kafkajs/src/cluster');
  Object.assign(cluster, { committedOffsets, fetchTopicsOffset });
  const { prototype: manager }: { prototype: { seek: Seek } } = load('kafkajs/src/consumer/offsetManager');
  Object.assign(manager, { clearAllOffsets, resolveOffsets, seek: seekingOwn(manager.seek) });
  const { prototype: group }: { prototype: ConsumerGroup } = load('kafkajs/src/consumer/consumerGroup');
  group.connect = connecting(group.connect);
  const { MemberAssignment }: { MemberAssignment: object } = load('kafkajs/src/consumer/assignerProtocol');
  Object.assign(MemberAssignment, { decode: decodeAssignment(load) });
}

function bare<T>(entries: Iterable<readonly [string, T]> = []): Bare<T> {
  const made: Bare<T> = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}

/** Before it joins. A subscription to `__proto__` has become the prototype of the others. */
function connecting(connect: ConsumerGroup['connect']): ConsumerGroup['connect'] {
  return function (this: ConsumerGroup) {
    const { topicConfigurations } = this;
    const prototype: unknown = Object.getPrototypeOf(topicConfigurations);
    const own = Object.entries(topicConfigurations);
    const all = bare(prototype === Object.prototype || prototype === null ? own : [...own, ['__proto__', prototype]]);
    this.topicConfigurations = all;
    this.topics = Object.keys(all);
    this.topicsSubscribed = this.topics;
    this.preferredReadReplicasPerTopicPartition = bare();
    Object.setPrototypeOf(this.subscriptionState.subscriptionStatesByTopic, null);
    return connect.call(this);
  };
}

function committedOffsets(this: Cluster, { groupId }: { groupId: string }): Bare<Bare<string>> {
  const known = this.committedOffsetsByGroup.get(groupId) ?? bare();
  this.committedOffsetsByGroup.set(groupId, known);
  return known;
}

/** The offsets of each partition at its beginning, its end, or a time. */
async function fetchTopicsOffset(this: Cluster, topics: readonly AskedTopic[]): Promise<TopicOffsets[]> {
  const found = new Map<string, PartitionOffset[]>();
  const byLeader = new Map<string, object[]>();
  for (const { topic, partitions, fromBeginning, fromTimestamp } of topics) {
    const timestamp = fromTimestamp ?? this.defaultOffset({ fromBeginning });
    const leaders = this.findLeaderForPartitions(
      topic,
      partitions.map(({ partition }) => partition),
    );
    for (const [nodeId, led] of Object.entries(leaders)) {
      const asked = partitions.filter(({ partition }) => led.includes(partition)).map((each) => ({ ...each, timestamp }));
      byLeader.set(nodeId, [...(byLeader.get(nodeId) ?? []), { topic, partitions: asked }]);
    }
  }
  const ask = async ([nodeId, asked]: readonly [string, object[]]) => {
    const broker = await this.findBroker({ nodeId });
    return (await broker.listOffsets({ isolationLevel: this.isolationLevel, topics: asked })).responses;
  };
  for (const { topic, partitions } of (await Promise.all([...byLeader].map(ask))).flat())
    found.set(topic, [...(found.get(topic) ?? []), ...partitions.map(({ partition, offset }) => ({ partition, offset }))]);
  return [...found].map(([topic, partitions]) => ({ topic, partitions }));
}

function clearAllOffsets(this: OffsetManager): void {
  const committed = this.committedOffsets();
  for (const topic of Object.keys(committed)) delete committed[topic];
  for (const topic of this.topics) committed[topic] = {};
  this.resolvedOffsets = bare(this.topics.map((topic) => [topic, {}] as const));
}

type Seek = (
  this: OffsetManager,
  position: { readonly topic: string; readonly partition: number; readonly offset: string },
) => Promise<void>;

function seekingOwn(seek: Seek): Seek {
  return async function (this: OffsetManager, position) {
    if (Object.hasOwn(this.memberAssignment, position.topic)) await seek.call(this, position);
  };
}

/** Asks for the committed offsets of partitions that have none yet, and for the log's where there is none. */
async function resolveOffsets(this: OffsetManager): Promise<void> {
  const committed = this.committedOffsets();
  const pending = this.topics.flatMap((topic) => {
    const partitions = (this.memberAssignment[topic] ?? []).filter((partition) => isInvalid(committed[topic]?.[partition]));
    return partitions.length === 0 ? [] : [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
  });
  if (pending.length === 0) return;
  const coordinator = await this.getCoordinator();
  const { responses } = await coordinator.offsetFetch({ groupId: this.groupId, topics: pending });
  const unresolved = responses.flatMap(({ topic, partitions }) => {
    const without = partitions.filter(({ offset }) => isInvalid(offset)).map(({ partition }) => ({ partition }));
    return without.length === 0 ? [] : [{ topic, partitions: without, ...this.topicConfigurations[topic] }];
  });
  const ofLog = unresolved.length === 0 ? [] : await this.cluster.fetchTopicsOffset(unresolved);
  for (const { topic, partitions } of responses) {
    const own: Bare<string> = { ...committed[topic] };
    const inLog = ofLog.find((each) => each.topic === topic)?.partitions ?? [];
    for (const { partition, offset } of partitions)
      own[partition] = isInvalid(offset) ? (inLog.find((each) => each.partition === partition)?.offset ?? offset) : offset;
    committed[topic] = own;
  }
}

/** As kafkajs has it: -1 stands for no offset. */
function isInvalid(offset: string | undefined): boolean {
  return !offset || Number(offset) < 0;
}

/** The assignment of a member, as the leader wrote it. Format: Apache Kafka, `ConsumerProtocolAssignment`. */
function decodeAssignment(load: Load) {
  const Decoder: new (bytes: Buffer) => Decoder = load('kafkajs/src/protocol/decoder');
  return (bytes: Buffer) => {
    const decoder = new Decoder(bytes);
    if (!decoder.canReadInt16()) return null;
    const version = decoder.readInt16();
    const topics = decoder.readArray((each) => [each.readString(), each.readArray((one) => one.readInt32())] as const);
    return { version, assignment: bare(topics), userData: decoder.readBytes() };
  };
}
