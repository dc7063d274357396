import { Refusal } from '../../wire/error-code.ts';
import type { Journal } from '../journal/entry.ts';
import type { KeptTopic } from '../journal/kept-state.ts';
import type { LogRequest, PartitionLog } from '../log/partition-log.ts';
import { Partition } from './partition.ts';
import { Topic } from './topic.ts';
import { checkConfig, checkTogether } from './topic-configs.ts';
import { derivedTopicId, randomTopicId } from './topic-id.ts';

export interface TopicsOptions {
  readonly nodeIds: readonly number[];
  readonly defaultPartitions: number;
  readonly maxPartitions: number;
  /** The broker's own defaults of topic settings. */
  readonly configDefaults: ReadonlyMap<string, string>;
  readonly journal: Journal;
  /** @throws Refusal KAFKA_STORAGE_ERROR */
  readonly openLog: (request: LogRequest) => PartitionLog;
}

export interface NewTopic {
  readonly name: string;
  /** -1 for the broker's default. */
  readonly partitions: number;
  readonly configs?: readonly { readonly name: string; readonly value: string | null }[];
}

/** All topics of the broker. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  #partitionCount = 0;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  withId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Topic[] {
    return [...this.#byName.values()];
  }

  /** @throws Refusal UNKNOWN_TOPIC_OR_PARTITION */
  require(name: string): Topic {
    const topic = this.#byName.get(name);
    if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic ${name}`);
    return topic;
  }

  /** @throws Refusal UNKNOWN_TOPIC_OR_PARTITION */
  partition(name: string, index: number): Partition {
    const partition = this.#byName.get(name)?.partitions[index];
    if (partition === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `there is no partition ${index} of topic ${name}`);
    return partition;
  }

  /** What `create` would make; nothing is changed. @throws Refusal */
  plan(request: NewTopic): { readonly topic: Topic; readonly partitions: number } {
    checkName(request.name);
    if (this.#byName.has(request.name)) throw new Refusal('TOPIC_ALREADY_EXISTS', `Topic '${request.name}' already exists.`);
    this.#checkCollision(request.name);
    const partitions = request.partitions === -1 ? this.#options.defaultPartitions : request.partitions;
    if (partitions < 1) throw new Refusal('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.');
    this.#checkRoom(partitions);
    const configs = new Map((request.configs ?? []).map(({ name, value }) => [name, checkConfig(name, value)]));
    return { topic: this.#topicWith(request.name, randomTopicId(), configs), partitions };
  }

  /** @throws Refusal */
  create(request: NewTopic): Topic {
    const { topic, partitions } = this.plan(request);
    // Opened first: that clears what a deleted topic of this name may have left, while the journal does not know the new one.
    const opened = this.#openPartitions(topic, partitions, true);
    this.#options.journal.append({ type: 'topic', topic: topic.name, id: topic.id, partitions, configs: [...topic.ownSettings()] });
    this.#byName.set(topic.name, topic);
    this.#byId.set(topic.id, topic);
    this.#addPartitions(topic, opened);
    return topic;
  }

  /** Opens a topic as it was kept. @throws Refusal KAFKA_STORAGE_ERROR */
  restore(name: string, { id, configs, partitions }: KeptTopic, clusterId: string): void {
    const topic = new Topic(name, id ?? derivedTopicId(clusterId, name), new Map(configs), this.#options.configDefaults);
    this.#byName.set(name, topic);
    this.#byId.set(topic.id, topic);
    this.#addPartitions(topic, this.#openPartitions(topic, partitions, false));
  }

  /** Replaces all settings of a topic. @throws Refusal INVALID_CONFIG, KAFKA_STORAGE_ERROR */
  configure(topic: Topic, settings: ReadonlyMap<string, string>, validateOnly: boolean): void {
    this.#topicWith(topic.name, topic.id, settings);
    if (validateOnly) return;
    this.#options.journal.append({ type: 'configs', topic: topic.name, configs: [...settings] });
    topic.configure(settings);
  }

  /** @param count the number of partitions that there should be. @throws Refusal INVALID_PARTITIONS */
  grow(topic: Topic, count: number, validateOnly: boolean): void {
    const has = topic.partitions.length;
    if (count <= has) throw new Refusal('INVALID_PARTITIONS', `Topic currently has ${has} partitions, ${count} would not be an increase.`);
    this.#checkRoom(count - has);
    if (validateOnly) return;
    const opened = this.#openPartitions(topic, count - has, true);
    this.#options.journal.append({ type: 'partitions', topic: topic.name, partitions: count });
    this.#addPartitions(topic, opened);
  }

  /** The topic is gone when the call returns; its data, when the promise settles. @throws Refusal KAFKA_STORAGE_ERROR */
  delete(topic: Topic): Promise<void> {
    this.#options.journal.append({ type: 'topic-deleted', topic: topic.name });
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.id);
    this.#partitionCount -= topic.partitions.length;
    return this.#removeData(topic.partitions);
  }

  enforceRetention(now: number): void {
    for (const topic of this.#byName.values()) for (const partition of topic.partitions) partition.enforceRetention(now);
  }

  /** One partition after the other: it is work for a time when there is little other. */
  async compact(now: number): Promise<void> {
    for (const topic of this.all()) {
      if (!topic.config.isCompacted) continue;
      for (const partition of topic.partitions) await partition.compact(now);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all().flatMap(({ partitions }) => partitions.map((partition) => partition.close())));
    this.#byName.clear();
    this.#byId.clear();
    this.#partitionCount = 0;
  }

  /** Not before the deletion is durable: a topic that comes back after a crash has its records. */
  async #removeData(partitions: readonly Partition[]): Promise<void> {
    try {
      await this.#options.journal.flushed();
    } catch (error) {
      await Promise.all(partitions.map((partition) => partition.close()));
      throw error;
    }
    await Promise.all(partitions.map((partition) => partition.delete()));
  }

  #openPartitions(topic: Topic, count: number, isNew: boolean): Partition[] {
    const { nodeIds, openLog } = this.#options;
    return Array.from({ length: count }, (_, i) => {
      const index = topic.partitions.length + i;
      const leader = nodeIds[index % nodeIds.length] as number;
      const request = { topic: topic.name, partition: index, isNew, limits: () => topic.config };
      return new Partition(topic, index, leader, (producers) => openLog({ ...request, producers }));
    });
  }

  #addPartitions(topic: Topic, opened: readonly Partition[]): void {
    topic.partitions.push(...opened);
    this.#partitionCount += opened.length;
  }

  #checkRoom(partitions: number): void {
    if (this.#partitionCount + partitions > this.#options.maxPartitions) {
      throw new Refusal(
        'POLICY_VIOLATION',
        `the broker holds ${this.#partitionCount} partitions, and at most ${this.#options.maxPartitions} (limits.partitions)`,
      );
    }
  }

  /** Kafka refuses names that differ only in '.' and '_', as they would share a metric. */
  #topicWith(name: string, id: string, settings: ReadonlyMap<string, string>): Topic {
    const topic = new Topic(name, id, settings, this.#options.configDefaults);
    checkTogether((setting) => topic.setting(setting));
    return topic;
  }

  #checkCollision(name: string): void {
    const normal = name.replaceAll('.', '_');
    if (normal === name && !name.includes('_')) return;
    const other = this.all().find((topic) => topic.name.replaceAll('.', '_') === normal);
    if (other !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${other.name}`);
  }
}

/** @throws Refusal INVALID_TOPIC_EXCEPTION */
export function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || name.length > 249 || !/^[a-zA-Z0-9._-]+$/.test(name)) {
    throw new Refusal('INVALID_TOPIC_EXCEPTION', `'${name}' is not a topic name: 1 to 249 of the characters a-z A-Z 0-9 . _ - are allowed`);
  }
}
