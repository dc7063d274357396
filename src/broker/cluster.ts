import { randomBytes } from 'node:crypto';
import { ConfigError } from '../errors.ts';
import { Refusal } from '../wire/error-code.ts';
import type { Partition } from './catalog/partition.ts';
import type { Topic } from './catalog/topic.ts';
import { Topics } from './catalog/topics.ts';
import { type Clock, every, systemClock, type Timer } from './clock/clock.ts';
import { ManualClock } from './clock/manual-clock.ts';
import { FaultSwitches } from './faults/fault-switches.ts';
import { Groups } from './groups/groups.ts';
import type { Journal } from './journal/entry.ts';
import { SharedBudget } from './memory/shared-budget.ts';
import type { LogEntry, Settings } from './options.ts';
import { ProducerIds } from './producer-ids.ts';
import type { BrokerStorage } from './storage/broker-storage.ts';
import { isPart, isUnderWay } from './transactions/transaction.ts';
import { Transactions } from './transactions/transactions.ts';

/** One listener, as clients see it. */
export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

const FIRST_NODE = 1;
/** As Kafka's `log.retention.check.interval.ms`. */
const RETENTION_CHECK_MS = 300_000;
/** As Kafka's `log.cleaner.backoff.ms`. */
const COMPACTION_MS = 15_000;

/** Everything that the nodes of one broker share: topics, groups, producer ids. One thread runs all of it. */
export class Cluster {
  readonly settings: Settings;
  readonly id: string;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly producerIds: ProducerIds;
  readonly transactions: Transactions;
  readonly journal: Journal;
  readonly clock: Clock;
  /** What connections hold of requests that are not answered, and of answers that are not read. */
  readonly requestMemory: SharedBudget;
  readonly answerMemory: SharedBudget;
  readonly faults = new FaultSwitches();
  readonly log: (entry: LogEntry) => void;
  readonly #storage: BrokerStorage;
  readonly #listening = new Map<number, Node>();
  readonly #retention: Timer;
  readonly #compaction: Timer;
  #compacting: Promise<void> | undefined;
  #hasToCompact = false;

  /** @throws ConfigError when the storage cannot be read or written */
  constructor(settings: Settings, storage: BrokerStorage) {
    const { limits, nodes, defaultPartitions } = settings;
    this.settings = settings;
    this.clock = settings.clock === 'manual' ? new ManualClock() : systemClock;
    this.log = settings.log;
    this.requestMemory = new SharedBudget('the requests', 'limits.requestBytes', limits.requestBytes);
    this.answerMemory = new SharedBudget('the answers that clients have not read', 'limits.answerBytes', limits.answerBytes);
    this.#storage = storage;
    this.journal = storage.journal;
    this.producerIds = new ProducerIds(storage.state.nextProducerId, storage.journal);
    this.groups = new Groups(limits, storage.journal, this.clock);
    this.topics = new Topics({
      nodeIds: Array.from({ length: nodes }, (_, i) => FIRST_NODE + i),
      defaultPartitions,
      maxPartitions: limits.partitions,
      configDefaults: new Map([['retention.bytes', String(limits.partitionBytes)], ...storage.topicDefaults]),
      journal: storage.journal,
      openLog: (request) => storage.openLog(request),
    });
    this.transactions = new Transactions({
      journal: storage.journal,
      clock: this.clock,
      producerIds: this.producerIds,
      limit: limits.transactionalIds,
      partition: (topic, index) => this.topics.get(topic)?.partitions[index],
      endOffsets: (producerId, groups, isCommit) => this.groups.endTransaction(producerId, groups, isCommit),
      report: (message) => settings.log({ level: 'warn', message }),
    });
    this.id = this.#restore();
    this.#retention = every(this.clock, RETENTION_CHECK_MS, () => this.#tidy());
    this.#compaction = every(this.clock, COMPACTION_MS, () => this.#compact());
  }

  addNode(node: Node): void {
    this.#listening.set(node.id, node);
  }

  nodes(): readonly Node[] {
    return [...this.#listening.values()];
  }

  /** kafkajs sends every admin request to the controller, so it must be one of the nodes listed. */
  get controllerId(): number {
    return FIRST_NODE;
  }

  /** The node that coordinates a group: always the same one for one id. @throws Refusal COORDINATOR_NOT_AVAILABLE */
  coordinatorOf(groupId: string): Node {
    let hash = 0;
    for (let i = 0; i < groupId.length; i++) hash = (hash * 31 + groupId.charCodeAt(i)) | 0;
    const id = FIRST_NODE + (Math.abs(hash) % this.settings.nodes);
    const node = this.#listening.get(id);
    if (node === undefined) throw new Refusal('COORDINATOR_NOT_AVAILABLE', `node ${id} does not listen yet`);
    return node;
  }

  /** Deletes the topic and the offsets that groups committed for it: a later topic of the same name must not meet them. */
  deleteTopic(topic: Topic): Promise<void> {
    const removed = this.topics.delete(topic);
    this.groups.forgetTopic(topic.name);
    this.transactions.forgetTopic(topic.name);
    return removed;
  }

  async close(): Promise<void> {
    this.#retention.cancel();
    this.#compaction.cancel();
    this.groups.close();
    this.transactions.close();
    await this.topics.close();
    await this.#compacting;
    await this.#storage.close(true);
  }

  /** A round of compaction, or one more when one is under way. */
  #compact(): void {
    this.#hasToCompact = true;
    this.#compacting ??= this.#compactAsLongAsAsked().finally(() => {
      this.#compacting = undefined;
    });
  }

  async #compactAsLongAsAsked(): Promise<void> {
    while (this.#hasToCompact) {
      this.#hasToCompact = false;
      await this.topics.compact(this.clock.now());
    }
  }

  /** Resolves when all writes are on the disk, where there is one. */
  sync(): Promise<void> {
    return this.#storage.sync();
  }

  /** Resolves when the work that the clock started has finished. */
  async settled(): Promise<void> {
    await this.#compacting;
  }

  #tidy(): void {
    this.topics.enforceRetention(this.clock.now());
    this.transactions.expire();
    this.#abortOrphans();
  }

  /** A transaction that a power cut removed from the journal has no owner that ends it; readers of committed records would wait for ever. */
  #abortOrphans(): void {
    const underWay = new Map(
      this.transactions
        .all()
        .filter(isUnderWay)
        .map((one) => [one.producerId, one]),
    );
    for (const { name, partitions } of this.topics.all()) {
      for (const partition of partitions) {
        for (const open of partition.openTransactions()) {
          const known = underWay.get(open.producerId);
          if (known === undefined || !isPart(known, name, partition.index)) this.#abort(name, partition, open);
        }
      }
    }
  }

  #abort(topic: string, partition: Partition, producer: { readonly producerId: number; readonly producerEpoch: number }): void {
    const what = `${topic}[${partition.index}]: the transaction of producer ${producer.producerId}, which the coordinator does not know any more,`;
    try {
      partition.endTransaction({ ...producer, isCommit: false }, this.clock.now())?.catch(() => {});
      this.log({ level: 'warn', message: `${what} was aborted` });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.log({ level: 'error', message: `${what} could not be aborted, and will be tried again: ${error.message}` });
    }
  }

  /** @returns the cluster's id */
  #restore(): string {
    const { state } = this.#storage;
    try {
      for (const [name, topic] of state.topics) this.topics.restore(name, topic, state.clusterId ?? '');
      for (const [id, offsets] of state.groups) this.groups.restore(id, offsets.runs());
      for (const { partitions } of this.topics.all())
        for (const { highestProducerId } of partitions) this.producerIds.skip(highestProducerId);
      this.transactions.restore([...state.transactions.values()]);
      this.#abortOrphans();
      if (state.clusterId !== undefined) return state.clusterId;
      const id = randomBytes(16).toString('base64url');
      this.journal.append({ type: 'cluster', id });
      return id;
    } catch (error) {
      if (error instanceof Refusal) throw new ConfigError(`The broker's data cannot be used: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
