import { randomUUID } from 'node:crypto';
import type { Admin } from 'kafkajs';
import { KafkaError } from '../../errors.ts';
import { backoff, sleep, within } from '../../timing/index.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import type {
  CommittedOffset,
  KafkaAdmin,
  KafkaClientOptions,
  TopicDescription,
  TopicPartition,
  TopicSpec,
  Watermarks,
} from '../client.ts';
import { closest } from '../spelling.ts';
import { explainRefusal } from './authorization.ts';
import { type Cluster, createCluster, createKafka } from './cluster.ts';
import { codeError, codeOf, toKafkaError } from './errors.ts';
import { readMetadata, type TopicMetadata } from './metadata.ts';
import { refusalsOf } from './topic-check.ts';

const CLOSE_MS = 3_000;
const REQUEST_MS = 15_000;
/** How long a new topic may take until each of its partitions has a leader. */
const LEADERS_MS = 15_000;
const MOST_REPLICAS = 3;
const TOPIC_RESOURCE = 2;
/** Where a config's value comes from: set on the topic. https://kafka.apache.org/protocol#The_Messages_DescribeConfigs */
const TOPIC_CONFIG_SOURCE = 1;

export interface ClosableAdmin extends KafkaAdmin {
  close(): Promise<void>;
}

export async function createAdmin(options: KafkaClientOptions): Promise<ClosableAdmin> {
  const admin = new KafkajsAdmin(options);
  await admin.open();
  return admin;
}

class KafkajsAdmin implements ClosableAdmin {
  readonly #admin: Admin;
  readonly #cluster: Cluster;
  readonly #options: KafkaClientOptions;

  constructor(options: KafkaClientOptions) {
    this.#admin = createKafka(options).admin();
    this.#cluster = createCluster(options);
    this.#options = options;
  }

  open(): Promise<void> {
    return attempt('connecting', async () => {
      await Promise.all([this.#admin.connect(), this.#cluster.connect()]);
    });
  }

  async close(): Promise<void> {
    await within(Promise.allSettled([this.#admin.disconnect(), this.#cluster.disconnect()]), CLOSE_MS);
  }

  async listTopics(): Promise<string[]> {
    const topics = await this.#metadata([], 'listing topics');
    return topics.filter(({ name, isInternal }) => !isInternal && !name.startsWith('__')).map(({ name }) => name);
  }

  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    if (topics.length === 0) return new Map();
    const wanted = await this.#metadata(topics, 'reading the metadata of topics');
    return new Map(wanted.map(({ name, partitions }) => [name, partitions.length]));
  }

  async describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    if (topics.length === 0) return [];
    const all = await this.#metadata(topics, 'describing topics');
    const found = topics.flatMap((topic) => all.find(({ name }) => name === topic) ?? []);
    const configs = await this.#configs(found.map(({ name }) => name));
    return found.map(({ name, partitions }) => ({
      name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      configs: configs.get(name) ?? {},
    }));
  }

  async topicConfigs(topics: readonly string[]): Promise<Map<string, Readonly<Record<string, string>>>> {
    return this.#configs(topics, () => true);
  }

  /** The request that kafkajs knows replaces all configs of the topic: those that are set go along. */
  async alterConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const set = (await this.#configs([topic])).get(topic) ?? {};
    const configEntries = Object.entries({ ...set, ...configs }).map(([name, value]) => ({ name, value }));
    const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries }];
    await attempt(`altering configs of topic "${topic}"`, () => this.#admin.alterConfigs({ resources, validateOnly: false }), { topic });
  }

  async checkTopics(specs: readonly TopicSpec[]): Promise<Map<string, string>> {
    if (specs.length === 0) return new Map();
    const replicas = await this.#defaultReplicas();
    const there = await this.partitionCounts(specs.map(({ name }) => name));
    // The broker says nothing of the configs of a topic that is there: a name that is not stands in for it.
    const standIn = (name: string) => `${name.slice(0, 200)}.check-${randomUUID()}`;
    const open = specs.filter(({ name, configs }) => !there.has(name) || Object.keys(configs ?? {}).length > 0);
    const asked = new Map(open.map((spec) => [there.has(spec.name) ? standIn(spec.name) : spec.name, spec]));
    const drafts = [...asked].map(([name, spec]) => ({ ...spec, name }));
    const answers = await attempt('checking topics', () => refusalsOf(this.#cluster, drafts, replicas));
    const refused = [...answers].filter(([name, { code }]) => (there.has(asked.get(name)!.name) ? code === 'INVALID_CONFIG' : true));
    const known = refused.length > 0 ? await this.#knownConfigs() : new Set<string>();
    return new Map(refused.map(([name, { why }]) => [asked.get(name)!.name, advised(why, asked.get(name)!, known)]));
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<Map<string, boolean>> {
    const made = new Map<string, boolean>();
    if (specs.length === 0) return made;
    const replicas = await this.#defaultReplicas();
    for (const spec of specs) {
      made.set(spec.name, await attempt(`creating topic "${spec.name}"`, () => this.#create(spec, replicas), { topic: spec.name }));
    }
    await this.#awaitLeaders(specs.map(({ name, partitions }) => ({ name, partitions: made.get(name) ? partitions : 1 })));
    return made;
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await attempt(
      `adding partitions to topic "${topic}"`,
      () => this.#admin.createPartitions({ topicPartitions: [{ topic, count: total }], timeout: REQUEST_MS }),
      { topic },
    );
    await this.#awaitLeaders([{ name: topic, partitions: total }]);
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await attempt(`deleting topics ${topics.join(', ')}`, () => this.#admin.deleteTopics({ topics: [...topics], timeout: REQUEST_MS }));
  }

  async deleteRecords(offsets: ReadonlyArray<TopicPartition & { offset: number }>): Promise<void> {
    for (const topic of new Set(offsets.map((each) => each.topic))) {
      const partitions = offsets
        .filter((each) => each.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) }));
      await attempt(
        `deleting records of topic "${topic}"`,
        async () => {
          // kafkajs finds the leaders only of topics that it has looked at.
          await this.#admin.fetchTopicOffsets(topic);
          await this.#admin.deleteTopicRecords({ topic, partitions });
        },
        { topic },
      );
    }
  }

  async watermarks(topic: string): Promise<Watermarks[]> {
    const offsets = await attempt(`reading the watermarks of topic "${topic}"`, () => this.#admin.fetchTopicOffsets(topic), { topic });
    return offsets
      .map(({ partition, low, high }) => ({ topic, partition, earliest: Number(low), latest: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<Array<TopicPartition & { offset: number }>> {
    const doing = `looking for offsets by time in topic "${topic}"`;
    const offsets = await attempt(doing, () => this.#admin.fetchTopicOffsetsByTimestamp(topic, timestampMs), { topic });
    return offsets.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })).sort((a, b) => a.partition - b.partition);
  }

  async groupOffsets(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]> {
    const offsets = await attempt(`reading the offsets of group "${groupId}"`, () =>
      this.#admin.fetchOffsets({ groupId, topics: [...topics] }),
    );
    return offsets.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        offset: Math.max(-1, Number(offset)),
        metadata: metadata ?? null,
      })),
    );
  }

  /** kafkajs's own `setOffsets` starts a consumer for it and changes one topic at a time; a commit without a member does the same. */
  async setGroupOffsets(groupId: string, offsets: ReadonlyArray<TopicPartition & { offset: number }>): Promise<void> {
    if (offsets.length === 0) return;
    const names = [...new Set(offsets.map(({ topic }) => topic))];
    const topics = names.map((topic) => ({
      topic,
      partitions: offsets
        .filter((each) => each.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: null })),
    }));
    await attempt(`setting the offsets of group "${groupId}"`, async () => {
      await this.#cluster.addMultipleTargetTopics(names);
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', topics }).catch((error: unknown) => {
        if (codeOf(error) !== 'UNKNOWN_MEMBER_ID') throw error;
        throw new KafkaError('refused', `group "${groupId}" has running members`, {
          kafkaCode: 'NON_EMPTY_GROUP',
          next: 'Stop them first: their next commit would undo the change.',
          cause: error,
        });
      });
    });
  }

  async deleteGroups(groupIds: readonly string[]): Promise<void> {
    await attempt(`deleting groups ${groupIds.join(', ')}`, () => this.#admin.deleteGroups([...groupIds]));
  }

  async #create({ name, partitions, replicationFactor, configs }: TopicSpec, replicas: number): Promise<boolean> {
    const configEntries = Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value }));
    const topic = { topic: name, numPartitions: partitions, replicationFactor: replicationFactor ?? replicas, configEntries };
    return this.#admin.createTopics({ topics: [topic], waitForLeaders: false, timeout: REQUEST_MS });
  }

  async #defaultReplicas(): Promise<number> {
    const { brokers } = await attempt('asking for the brokers', () => this.#admin.describeCluster());
    return Math.min(MOST_REPLICAS, brokers.length);
  }

  async #awaitLeaders(expected: ReadonlyArray<{ name: string; partitions: number }>): Promise<void> {
    const deadline = Date.now() + LEADERS_MS;
    for (let round = 1; ; round++) {
      const names = expected.map(({ name }) => name);
      const all = await this.#metadata(names, 'waiting for the leaders of partitions');
      const missing = expected.filter(({ name, partitions }) => !hasLeaders(all, name, partitions));
      if (missing.length === 0) return;
      if (Date.now() > deadline) {
        throw new KafkaError('retry', `no leader after ${LEADERS_MS} ms for topics ${missing.map(({ name }) => name).join(', ')}`);
      }
      await sleep(backoff(round, 20, 500));
    }
  }

  /** Those of the topics that exist; all topics of the cluster for an empty list. */
  async #metadata(topics: readonly string[], doing: string): Promise<TopicMetadata[]> {
    const found = (await attempt(doing, () => readMetadata(this.#cluster, topics))).topics;
    const hidden = found.filter(({ errorCode }) => errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED).map(({ name }) => name);
    if (hidden.length > 0 && topics.length > 0) {
      const refusal = codeError('TOPIC_AUTHORIZATION_FAILED', doing, hidden.length === 1 ? { topic: hidden[0] } : {});
      throw explainRefusal(refusal, this.#options, { operation: 'Describe', topics: hidden });
    }
    return found.filter(({ errorCode, partitions }) => errorCode === ErrorCode.NONE || partitions.length > 0);
  }

  /** Names of all configs that topics have, as the broker describes those of any that there is. */
  async #knownConfigs(): Promise<Set<string>> {
    const [any] = await this.#metadata([], 'listing topics').catch(() => []);
    const configs = any === undefined ? undefined : await this.topicConfigs([any.name]).catch(() => undefined);
    return new Set([...(configs?.values() ?? [])].flatMap((each) => Object.keys(each)));
  }

  /** @param wanted by where the value comes from. @default those set on the topic */
  async #configs(
    topics: readonly string[],
    wanted: (source?: number) => boolean = (source) => source === TOPIC_CONFIG_SOURCE,
  ): Promise<Map<string, Record<string, string>>> {
    if (topics.length === 0) return new Map();
    const resources = topics.map((name) => ({ type: TOPIC_RESOURCE, name }));
    const answer = await attempt('reading the configs of topics', () => this.#admin.describeConfigs({ resources, includeSynonyms: false }));
    return new Map(
      answer.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(
          (configEntries as ReadonlyArray<{ configName: string; configValue: string; configSource?: number }>)
            .filter(({ configSource }) => wanted(configSource))
            .map(({ configName, configValue }) => [configName, configValue]),
        ),
      ]),
    );
  }
}

/** What the broker said, and the name that was probably meant. */
function advised(why: string, { configs = {} }: TopicSpec, known: ReadonlySet<string>): string {
  const unknown = known.size === 0 ? [] : Object.keys(configs).filter((name) => !known.has(name));
  const meant = unknown.flatMap((name) => closest(name, known) ?? []);
  return meant.length === 0 ? why : `${why}; did you mean ${meant.join(', ')}?`;
}

function hasLeaders(all: readonly TopicMetadata[], name: string, partitions: number): boolean {
  const found = all.find((topic) => topic.name === name)?.partitions ?? [];
  return found.length >= partitions && found.every(({ leaderId }) => leaderId >= 0);
}

async function attempt<T>(doing: string, work: () => Promise<T>, place: { topic?: string } = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKafkaError(error, doing, place);
  }
}
