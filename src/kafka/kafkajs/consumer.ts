import type { Consumer, EachBatchPayload } from 'kafkajs';
import { KafkaError } from '../../errors.ts';
import { type Deferred, deferred, within } from '../../timing/index.ts';
import type { KafkaClientOptions, KafkaRecords, SubscribeOptions, TopicPartition } from '../client.ts';
import { createAssigner } from './assigner.ts';
import { explainRefusal } from './authorization.ts';
import { type Cluster, createKafka, type Member, RETRY } from './cluster.ts';
import { toKafkaError } from './errors.ts';
import { recordsOf } from './fetch.ts';
import { Fetches } from './fetches.ts';
import { ON_RESET, type OnReset } from './fixes/reset.ts';
import { coordinatorFinder, GroupCoordinator } from './group.ts';
import { Joins } from './joins.ts';
import { log } from './log.ts';
import type { MemberData } from './member-data.ts';
import { SignsOfLife } from './signs-of-life.ts';

export type ResolvedOptions = Required<Omit<SubscribeOptions, 'stateful'>> & Pick<SubscribeOptions, 'stateful'>;

/** The subscription that a consumer was made for. */
export interface ConsumerOwner {
  /** Before each join of the group; the join waits for it, and fails if it rejects. */
  beforeJoin(): Promise<void>;
  joined(member: Member, assignment: Readonly<Record<string, readonly number[]>>, transactionalIds: readonly string[]): void;
  /** Records from `position` on. Returns true if they are taken, and false if they have to come again later. */
  fetched(tp: TopicPartition, position: number, records: KafkaRecords, nextOffset: number): boolean;
  /** A stretch of the log without a record to deliver: control records, aborted ones, or what compaction took. */
  skipped(tp: TopicPartition, position: number, nextOffset: number): void;
  /** The position of a partition was out of range; reading goes on at `position`. */
  reset(tp: TopicPartition, position: number): void;
  /** True if nothing can be fetched at present, so that the next fetch may as well wait for `wake`. */
  isIdle(): boolean;
  /** What the leader of the group gets from this member. */
  member(): MemberData;
}

const MAX_BYTES = 10 * 1024 * 1024;
const STOP_MS = 2_500;
const LEAVE_MS = 1_000;

/**
 * One kafkajs consumer, from connecting to its end. Its handler only hands records over; commits, positions and what happens
 * around a rebalance are up to the owner. It is not restarted: after a failure the owner makes a new one.
 */
export class GroupConsumer {
  readonly group: GroupCoordinator;
  readonly cluster: Cluster;
  readonly #consumer: Consumer;
  readonly #client: KafkaClientOptions;
  readonly #options: ResolvedOptions;
  readonly #owner: ConsumerOwner;
  readonly #fetches: Fetches;
  readonly #joins: Joins;
  readonly #life: SignsOfLife;
  readonly #ended: Deferred<KafkaError | undefined> = deferred();
  /** Events that kafkajs still emits after the end are not passed on: another consumer may be at work. */
  #isOver = false;

  /** @param staleMember the `member` of a consumer that failed: it leaves the group before this one joins */
  constructor(client: KafkaClientOptions, options: ResolvedOptions, owner: ConsumerOwner, staleMember?: Member) {
    this.#client = client;
    this.#options = options;
    this.#owner = owner;
    let cluster: Cluster | undefined;
    this.#consumer = createKafka(client).consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs,
      rebalanceTimeout: rebalanceTimeoutMs(options),
      maxWaitTimeInMs: options.maxWaitMs,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: MAX_BYTES,
      allowAutoTopicCreation: false,
      metadataMaxAge: options.metadataMaxAgeMs,
      retry: { ...RETRY, retries: 5, restartOnFailure: async () => false },
      partitionAssigners: [
        (context) => {
          cluster = context.cluster as Cluster;
          return createAssigner(cluster, () => owner.member());
        },
      ],
    });
    if (cluster === undefined) throw new TypeError('kafkajs did not hand its cluster to the assigner');
    this.cluster = cluster;
    const find = coordinatorFinder(cluster);
    this.group = new GroupCoordinator(cluster, find, options.groupId);
    this.#life = new SignsOfLife(options.stallTimeoutMs, rebalanceTimeoutMs(options), (ms) => this.#end(this.#silence(ms)));
    this.#joins = new Joins(options.groupId, { beforeJoin: () => this.#beforeJoin(), answered: () => this.#life.answered() }, staleMember);
    this.#joins.hook(cluster, find);
    this.#fetches = new Fetches(client.maxBatchBytes, () => !this.#isOver && owner.isIdle());
    this.#fetches.hook(cluster);
    Object.assign(cluster, { [ON_RESET]: ((tp, position) => owner.reset(tp, position)) satisfies OnReset });
    this.#listen();
  }

  /** What the group knows this consumer as, or the one before if this one has not joined. */
  get member(): Member | undefined {
    return this.#joins.leftBehind;
  }

  /** Epoch milliseconds of the last answer of a broker. While a join is under way, which waits for other members, the present time. */
  get answeredAt(): number {
    return this.#joins.isUnderWay ? Date.now() : this.#life.answeredAt;
  }

  /** Adds the missing ACL to an error about a missing right. @param topics those that it may be about */
  explain(error: KafkaError, topics = this.#options.topics): KafkaError {
    return explainRefusal(error, this.#client, { operation: 'Read', topics, group: this.#options.groupId });
  }

  /** Runs until the consumer ends: with the reason, or without one after `stop`. Never rejects. */
  async run(): Promise<KafkaError | undefined> {
    const { topics, groupId } = this.#options;
    this.#life.start();
    this.#start().catch((error: unknown) => this.#end(toKafkaError(error, `reading ${topics.join(', ')} as group "${groupId}"`)));
    const reason = await this.#ended.promise;
    this.#life.stop();
    return reason;
  }

  /** Leaves the group and closes the connections, in bounded time. */
  async stop(): Promise<void> {
    this.wake();
    const hasFailed = this.#isOver;
    const stopped = await within(
      this.#consumer.disconnect().then(() => true),
      hasFailed ? LEAVE_MS : STOP_MS,
    ).catch(() => true);
    if (!stopped) {
      log.info('the consumer of group {group} did not stop in time', { group: this.#options.groupId });
      // If it has failed, its connection may be of no use: the next consumer makes its member leave.
      const { member } = this.#joins;
      if (member !== undefined && !hasFailed) await within(this.group.leave(member), LEAVE_MS).catch(() => {});
      await within(this.cluster.disconnect(), LEAVE_MS).catch(() => {});
    }
    this.#end(undefined);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#ifRunning(() => this.#consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#ifRunning(() => this.#consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))));
    this.wake();
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    this.#ifRunning(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  /** Ends the wait of idle fetches. */
  wake(): void {
    this.#fetches.wake();
  }

  /** Ends the consumer from above. */
  fail(error: KafkaError): void {
    this.#end(error);
  }

  /** Settles when the fetches that are under way at the time of the call have ended, or have taken too long. */
  settleFetches(): Promise<void> {
    return this.#fetches.settle(this.#options.maxWaitMs);
  }

  async #beforeJoin(): Promise<void> {
    if (this.#isOver) throw Object.assign(new Error('the consumer is over'), { retriable: false });
    await this.#owner.beforeJoin();
  }

  #listen(): void {
    const { GROUP_JOIN, CRASH, END_BATCH_PROCESS, FETCH_START, FETCH, HEARTBEAT } = this.#consumer.events;
    this.#fetches.watch(this.#consumer);
    this.#consumer.on(FETCH_START, () => this.#life.sign());
    for (const event of [GROUP_JOIN, FETCH, HEARTBEAT]) this.#consumer.on(event, () => this.#life.answered());
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const { member, transactionalIds } = this.#joins;
      if (member !== undefined && !this.#isOver) this.#owner.joined(member, payload.memberAssignment, transactionalIds);
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      this.#end(toKafkaError(payload.error, `the consumer of group "${this.#options.groupId}" failed`));
    });
    this.#consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, firstOffset, lastOffset } }) => {
      if (batchSize === 0 && !this.#isOver)
        this.#owner.skipped({ topic, partition }, Number(firstOffset ?? lastOffset), Number(lastOffset) + 1);
    });
  }

  /** Must not throw: a TypeError from here would end the consumer for good. */
  #onBatch({ batch, resolveOffset }: EachBatchPayload): void {
    if (this.#isOver) return;
    try {
      const { topic, partition } = batch;
      const fetched = batch as typeof batch & { fetchedOffset: string };
      const lastOffset = batch.lastOffset();
      const position = Number(fetched.fetchedOffset);
      const taken = this.#owner.fetched({ topic, partition }, position, recordsOf(fetched), Number(lastOffset) + 1);
      if (taken) resolveOffset(lastOffset);
    } catch (error) {
      this.#end(toKafkaError(error, `handing over records of ${batch.topic}[${batch.partition}]`));
    }
  }

  async #start(): Promise<void> {
    const { topics, start } = this.#options;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: start === 'earliest' });
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async (payload) => this.#onBatch(payload) });
  }

  /** The client throws before it has started and after it has stopped; nothing is fetched then anyway. */
  #ifRunning(change: () => void): void {
    try {
      change();
    } catch (error) {
      log.debug('the consumer of group {group} does not run: {error}', { group: this.#options.groupId, error });
    }
  }

  #end(reason: KafkaError | undefined): void {
    this.#isOver = true;
    this.#ended.resolve(reason);
  }

  #silence(ms: number): KafkaError {
    return new KafkaError('retry', `the consumer of group "${this.#options.groupId}" has shown no sign of life for ${ms} ms`);
  }
}

const rebalanceTimeoutMs = ({ drainTimeoutMs, sessionTimeoutMs }: ResolvedOptions): number =>
  Math.max(2 * drainTimeoutMs, sessionTimeoutMs);
