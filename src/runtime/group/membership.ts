import { getLogger } from '@logtape/logtape';
import type { Settings } from '../../config/index.ts';
import { isStreamerError, KafkaError, StreamerError } from '../../errors.ts';
import type { ConsumerSink, KafkaAdmin, KafkaClient, KafkaRecords, Subscription, TopicPartition } from '../../kafka/index.ts';
import { backoff, limited, sleep, within } from '../../timing/index.ts';
import { Committer } from '../commit/committer.ts';
import type { WorkerEvents } from '../events/worker-events.ts';
import type { PartitionHost } from '../task/input.ts';
import type { TopicWatch } from '../topology/topic-watch.ts';
import { StallWatch } from '../watch/stall-watch.ts';
import { Assignment, nameOf, type TopicPlan } from './assignment.ts';

export interface MembershipParts {
  readonly groupId: string;
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  /** Has the next who asks for the admin get a new one: on a connection that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly topicWatch: TopicWatch;
}

/** What a membership needs of its worker. */
export interface MembershipHost extends Pick<PartitionHost, 'undecodable' | 'tombstoneSkipped' | 'received'> {
  /** Aborted when nothing is worth waiting for any more. */
  readonly closing: AbortSignal;
  /** Aborted by who does not want to wait for the drain. */
  readonly giveUp: AbortSignal;
  plan(topic: string): TopicPlan;
  /** Resolves when every record sent so far is acknowledged. */
  flush(): Promise<void>;
  /** An assignment has been taken over. */
  assigned(): void;
  tell<E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]): void;
  fail(error: StreamerError): void;
}

const log = getLogger(['streamer', 'worker']);
/** Longest wait for the positions of an assignment, before it is tried on a new connection. */
const TAKE_OVER_MS = 8_000;
/** Time without positions after which the connections of the consumer count as broken. */
const REJOIN_AFTER_MS = 30_000;
/** Longest wait for the end of the membership: a broker that hangs does not answer. */
const LEAVE_MS = 5_000;

/**
 * A worker's place in its consumer group: what is assigned to it, how it takes that over and gives it up, and what it commits.
 * A commit never covers an event that is unfinished; work of a partition that was given up has no effect.
 */
export class Membership implements ConsumerSink {
  readonly #parts: MembershipParts;
  readonly #host: MembershipHost;
  readonly #committer: Committer;
  readonly #stallWatch: StallWatch;
  #assignment: Assignment;
  #subscription: Subscription | undefined;
  #topics: readonly string[] = [];
  /** The epoch whose assignment was told last. */
  #assigning = -1;
  #abandoned = 0;

  constructor(parts: MembershipParts, host: MembershipHost) {
    this.#parts = parts;
    this.#host = host;
    this.#committer = new Committer(parts.settings.commitIntervalMs, {
      committed: (offsets) => host.tell('committed', { offsets }),
      warning: (error) => this.failed(error, false),
      fail: (error) => host.fail(error),
    });
    this.#stallWatch = new StallWatch(parts.settings.stallWarningMs, (stalled) => host.tell('stalled', stalled));
    this.#assignment = this.#newAssignment();
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  /** Events that were given up unfinished so far. */
  get abandonedEvents(): number {
    return this.#abandoned;
  }

  async join(topics: readonly string[]): Promise<void> {
    const { settings, client, groupId } = this.#parts;
    this.#topics = topics;
    const options = {
      groupId,
      topics,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      drainTimeoutMs: settings.drainTimeoutMs,
      maxWaitMs: settings.fetchWaitMs,
      metadataMaxAgeMs: settings.metadataMaxAgeMs,
      start: 'earliest' as const,
    };
    const subscription = await client.subscribe(options, (own) => {
      this.#subscription = own;
      return this;
    });
    // Stopped meanwhile: nobody else would close it.
    if (this.#host.closing.aborted) return subscription.close();
    this.#committer.start(() => this.#commit());
    this.#stallWatch.start(() => this.#assignment.tasks, this.#committer);
  }

  /** Reads other topics from now on, as a new member. */
  async rejoin(topics: readonly string[]): Promise<void> {
    this.stopTimers();
    const old = this.#subscription;
    this.#subscription = undefined;
    await old?.close();
    this.#assignment.close(new StreamerError('LOST', 'the worker subscribes anew'));
    this.#assignment = this.#newAssignment();
    await this.join(topics);
  }

  /** From now on nothing happens by the clock: no commits, no warnings. */
  stopTimers(): void {
    this.#stallWatch.stop();
    this.#committer.stop();
  }

  /** Finishes and commits what is in hand, within the time. */
  async drain(deadlineMs: number): Promise<void> {
    await this.revoking(this.#assignment.partitions, this.#assignment.epoch, deadlineMs);
  }

  /** What is still in hand is abandoned. */
  async leave(): Promise<void> {
    this.#abandoned += this.#assignment.close(new StreamerError('LOST', 'the worker is stopping'));
    await within(this.#subscription?.close() ?? Promise.resolve(), LEAVE_MS, this.#host.giveUp);
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    if (this.#subscription !== undefined) void this.#assigned(this.#subscription, partitions, epoch);
  }

  async #assigned(subscription: Subscription, partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    const since = Date.now();
    this.#assigning = epoch;
    for (let attempt = 1; ; attempt++) {
      try {
        await limited(this.#takeOver(partitions, epoch, subscription), TAKE_OVER_MS, 'reading where the assigned partitions stand');
        break;
      } catch (cause) {
        const error = isStreamerError(cause) ? cause : new KafkaError('retry', (cause as Error).message, { cause });
        if (!error.retryable) return this.#host.fail(error);
        this.#host.tell('warning', { error });
        this.#parts.renewAdmin();
        if (Date.now() - since > REJOIN_AFTER_MS)
          return subscription.rejoin(epoch, new KafkaError('retry', error.message, { cause: error }));
        const { closing } = this.#host;
        await sleep(backoff(attempt, 100, 5_000), closing);
        if (closing.aborted || this.#assigning !== epoch) return;
      }
    }
    void this.#commit();
    log.debug(`assigned ${nameOf(partitions) || 'nothing'}`);
    this.#host.assigned();
    this.#host.tell('assigned', { partitions, epoch });
  }

  /** Drains within the time, commits under the old epoch; what is kept by the next assignment goes on from its buffer. */
  async revoking(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<void> {
    const { giveUp } = this.#host;
    const left = Math.max(0, deadlineMs - Date.now());
    await within(
      this.#assignment.drain().then(() => this.#host.flush()),
      left,
      giveUp,
    );
    await within(this.#commit(), Math.max(500, deadlineMs - Date.now()), giveUp);
    const hadAny = this.#assignment.tasks.length > 0;
    this.#abandoned += this.#assignment.endEpoch(epoch);
    if (hadAny) this.#host.tell('revoked', { partitions, lost: false });
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.#assignment.lose(new StreamerError('LOST', 'the partition was taken away while the event was in hand'));
    log.warning(
      `lost ${nameOf(partitions)}: the connection broke or the session expired; what was in hand is done again by whoever gets them`,
    );
    this.#host.tell('revoked', { partitions, lost: true });
  }

  batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    if (epoch === this.#assignment.epoch) this.#assignment.get(partition)?.deliver(records, nextOffset);
  }

  failed(error: KafkaError, isFatal: boolean): void {
    if (isFatal) {
      this.#host.fail(error);
      return;
    }
    this.#host.tell('warning', { error });
    if (error.kafkaCode === 'UNKNOWN_TOPIC_OR_PARTITION') {
      void this.#parts.topicWatch.findDeleted(this.#topics).then((deleted) => deleted !== undefined && this.#host.fail(deleted));
    }
    const { topic, partition, offset } = error.place;
    if (error.kafkaCode !== 'OFFSET_OUT_OF_RANGE' || topic === undefined || partition === undefined || offset === undefined) return;
    // At an assignment, positions are chosen anyway; later, the task of the partition is out of date.
    if (this.#assignment.get({ topic, partition }) !== undefined) void this.#restart({ topic, partition }, offset);
  }

  async #restart(partition: TopicPartition, offset: number): Promise<void> {
    try {
      const subscription = this.#subscription;
      if (subscription !== undefined) await this.#assignment.restart(partition, offset, subscription, await this.#parts.admin());
    } catch (cause) {
      this.#host.fail(isStreamerError(cause) ? cause : new KafkaError('retry', (cause as Error).message, { cause }));
    }
  }

  async #takeOver(partitions: readonly TopicPartition[], epoch: number, subscription: Subscription): Promise<void> {
    await this.#assignment.assign(partitions, epoch, subscription, await this.#parts.admin());
  }

  async #commit(): Promise<void> {
    if (this.#subscription === undefined) return;
    await this.#committer.commit(this.#subscription, this.#assignment.epoch, this.#assignment.tasks);
  }

  #newAssignment(): Assignment {
    const host = this.#host;
    const { queueRecords, queueBytes, onOffsetOutOfRange } = this.#parts.settings;
    const partitionHost: PartitionHost = {
      queueRecords,
      queueBytes,
      pause: (partition) => this.#subscription?.pause([partition]),
      resume: (partition) => this.#subscription?.resume([partition]),
      undecodable: (partition, record, error) => host.undecodable(partition, record, error),
      tombstoneSkipped: () => host.tombstoneSkipped(),
      received: (count) => host.received(count),
    };
    return new Assignment(partitionHost, onOffsetOutOfRange, (topic) => host.plan(topic));
  }
}
