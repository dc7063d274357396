import { asStreamerError, KafkaError, StreamerError } from '../../errors.ts';
import type { ConsumerSink, KafkaRecords, Subscription, TopicPartition } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { within } from '../../timing/index.ts';
import { AtLeastOnce } from '../commit/at-least-once.ts';
import type { CommitCycle } from '../commit/commit-cycle.ts';
import { Committer } from '../commit/committer.ts';
import { Transactional } from '../commit/transactional.ts';
import { StallWatch } from '../watch/stall-watch.ts';
import { Assignment } from './assignment.ts';
import type { MembershipParts } from './membership-parts.ts';
import { nameOf } from './partition-names.ts';
import { startOf } from './start-position.ts';
import { Starts } from './starts.ts';
import { type TakeOverParts, takeOver } from './take-over.ts';

const log = libraryLog('worker');
/** Shortest time for a commit at the end of an epoch. */
const COMMIT_MS = 500;

/**
 * One subscription of the worker: takes assignments over, gives them up, and commits. A commit never covers an event that is
 * unfinished; work of a partition that was given up has no effect.
 */
export class Session implements ConsumerSink {
  readonly assignment: Assignment;
  readonly #parts: MembershipParts;
  readonly #topics: readonly string[];
  readonly #committer: Committer;
  readonly #stallWatch: StallWatch;
  readonly #takeOver: TakeOverParts;
  readonly #starts: Starts;
  /** The epoch that was assigned last; -1 once it is lost or given up. */
  #assigned = -1;
  #abandoned = 0;
  /** The assignment was taken away, and there has been no other since. */
  #isLost = false;

  constructor(subscription: Subscription, topics: readonly string[], parts: MembershipParts) {
    const { services, settings, renewAdmin, closing, stateful } = parts;
    const { clock, tell } = services;
    this.#parts = parts;
    this.#topics = topics;
    const context = {
      services,
      limits: settings,
      fetching: subscription,
      restore: stateful?.restorer.restore,
      writer: stateful?.transactionalId,
    };
    this.assignment = new Assignment(subscription, parts.plan, context, (cause) => services.fail(asStreamerError(cause)));
    this.#committer = new Committer({
      cycle: cycleOf(subscription, parts),
      intervalMs: settings.commitIntervalMs,
      tasks: () => this.assignment.tasks,
      clock,
      tell,
      failed: (error, isFatal) => this.failed(error, isFatal),
    });
    this.#stallWatch = new StallWatch(settings.stallWarningMs, (stalled) => tell('stalled', stalled));
    this.#starts = new Starts(subscription, parts);
    this.#takeOver = { subscription, renewAdmin, clock, closing, warn: (error) => tell('warning', { error }) };
  }

  /** Events that were given up unfinished so far. */
  get abandonedEvents(): number {
    return this.#abandoned;
  }

  start(): void {
    this.#committer.start();
    this.#stallWatch.start(() => this.assignment.tasks.flatMap(({ inputs }) => inputs), this.#committer);
  }

  /** From now on nothing happens by the clock: no commits, no warnings. */
  stopTimers(): void {
    this.#stallWatch.stop();
    this.#committer.stop();
  }

  /** Abandons what is in flight. */
  close(reason: StreamerError): void {
    this.#assigned = -1;
    this.#abandoned += this.assignment.close(reason);
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    this.#assigned = epoch;
    this.#isLost = false;
    this.assignment.retain(partitions);
    this.#take(partitions, epoch).catch((cause: unknown) => this.#parts.services.fail(asStreamerError(cause)));
  }

  /** Drains within the time, commits under the old epoch; what the next assignment keeps goes on from its buffer. */
  async revoking(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<void> {
    await this.giveUp(partitions, epoch, deadlineMs);
  }

  /** As `revoking`. Returns false if what has finished could not be committed. */
  async giveUp(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<boolean> {
    const { giveUp, services } = this.#parts;
    if (this.#assigned === epoch) this.#assigned = -1;
    // Given up before it was taken over: what is kept from the one before is suspended already.
    if (epoch !== this.assignment.epoch) return !this.#isLost;
    const drained = this.assignment.drain().then(() => services.outputs.flush());
    await within(drained, Math.max(0, deadlineMs - Date.now()), giveUp);
    const committed = await within(this.#committer.commitAll(), Math.max(COMMIT_MS, deadlineMs - Date.now()), giveUp);
    const { tasks } = this.assignment;
    const hadAny = tasks.length > 0;
    // Outputs that were not acknowledged in time keep a task's cut out of the commit.
    const isLeft = tasks.some(({ state }) => state?.hasCut === true);
    this.#abandoned += this.assignment.endEpoch(epoch);
    if (hadAny) services.tell('revoked', { partitions, lost: false });
    return committed === true && !isLeft && !this.#isLost;
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.#assigned = -1;
    this.#isLost = true;
    this.assignment.close(new StreamerError('LOST', 'the partition was taken away while the event was in flight'));
    log.warning(
      'lost {partitions}: the connection broke or the session expired; unfinished events are done again by the workers that get them',
      { partitions: nameOf(partitions) },
    );
    this.#parts.services.tell('revoked', { partitions, lost: true });
  }

  batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    if (epoch === this.assignment.epoch) this.assignment.input(partition)?.deliver(records, nextOffset);
  }

  failed(error: KafkaError, isFatal: boolean): void {
    const { services, topicWatch } = this.#parts;
    if (isFatal) return services.fail(error);
    services.tell('warning', { error });
    if (error.kafkaCode === 'UNKNOWN_TOPIC_OR_PARTITION') {
      void topicWatch.findDeleted(this.#topics).then((deleted) => deleted !== undefined && services.fail(deleted));
    }
    const { topic, partition, offset } = error.place;
    if (error.kafkaCode !== 'OFFSET_OUT_OF_RANGE' || topic === undefined || partition === undefined || offset === undefined) return;
    this.#restart({ topic, partition }, offset).catch((cause: unknown) => services.fail(asStreamerError(cause)));
  }

  async #take(partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    const { services, onAssigned } = this.#parts;
    const isCurrent = () => this.#assigned === epoch;
    const read = () => this.#starts.read(partitions, epoch, isCurrent);
    const starts = await takeOver(this.#takeOver, { epoch, isCurrent, read });
    if (starts === undefined) return;
    this.assignment.assign(epoch, starts);
    this.#committer.begin(epoch);
    log.debug('assigned {partitions}', { partitions: nameOf(partitions) || 'nothing' });
    onAssigned();
    services.tell('assigned', { partitions, epoch });
  }

  /** The log no longer holds the next offset of a partition: the policy decides where to go on. */
  async #restart(partition: TopicPartition, offset: number): Promise<void> {
    const { epoch } = this.assignment;
    if (this.assignment.input(partition) === undefined) return;
    const admin = await this.#parts.admin();
    const marks = (await admin.watermarks(partition.topic)).find((mark) => mark.partition === partition.partition);
    if (epoch !== this.assignment.epoch) return;
    if (marks === undefined) throw new StreamerError('REFUSED', 'the partition no longer exists', partition);
    const start = startOf({ ...marks, committed: offset, metadata: null }, this.#parts.settings.onOffsetOutOfRange);
    const reason = new KafkaError('retry', 'the log was cut off, and the tables that it feeds are restored', partition);
    // A transaction may be under way that has a part of the tables: their next owner waits until it has ended.
    if (this.#parts.stateful !== undefined) this.#takeOver.subscription.rejoin(epoch, reason);
    else this.assignment.restart(partition, start);
  }
}

/** Every commit of an app with tables goes through a transaction, also one that only moves offsets. */
function cycleOf(subscription: Subscription, { stateful, services: { telemetry, tell } }: MembershipParts): CommitCycle {
  if (stateful === undefined) return new AtLeastOnce(subscription);
  const { transactions } = stateful;
  return new Transactional({ subscription, transactions, tableOf: (changelog) => stateful.tableOf(changelog), telemetry, tell });
}
