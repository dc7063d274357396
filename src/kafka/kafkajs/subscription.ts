import { ConfigError, KafkaError } from '../../errors.ts';
import { backoff, sleep, within } from '../../timing/index.ts';
import type {
  CommittedOffset,
  ConsumerSink,
  GroupMembership,
  KafkaClientOptions,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from '../client.ts';
import { Assignments } from './assignments.ts';
import type { Member } from './cluster.ts';
import { GroupConsumer, type ResolvedOptions } from './consumer.ts';
import { toKafkaError } from './errors.ts';

const FIRST_BACKOFF_MS = 1_000;
const BACKOFF_CAP_MS = 30_000;
const CLOSE_MS = 10_000;
/** Errors about a topic that end a subscription although they only refuse a record elsewhere. */
const FATAL_CODES = new Set(['TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION']);

/** Joins in a later turn, so that the caller has the subscription before its sink is first called. */
export async function subscribe(
  client: KafkaClientOptions,
  options: SubscribeOptions,
  sink: (subscription: Subscription) => ConsumerSink,
): Promise<Subscription> {
  const subscription = new GroupSubscription(client, resolveOptions(options), sink);
  setImmediate(() => subscription.start());
  return subscription;
}

function resolveOptions(options: SubscribeOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    groupId: options.groupId,
    topics: [...new Set(options.topics)],
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000,
    drainTimeoutMs: options.drainTimeoutMs ?? 10_000,
    maxWaitMs: options.maxWaitMs ?? 250,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 60_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
    start: options.start ?? 'earliest',
    coPartitioned: options.coPartitioned ?? [],
    stateful: options.stateful,
  };
  const problems = [
    ...(resolved.groupId === '' ? ['groupId is empty'] : []),
    ...(resolved.topics.length === 0 ? ['no topic to subscribe to'] : []),
    ...(resolved.heartbeatIntervalMs >= resolved.sessionTimeoutMs
      ? [`heartbeatIntervalMs (${resolved.heartbeatIntervalMs}) must be below sessionTimeoutMs (${resolved.sessionTimeoutMs})`]
      : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved;
}

class GroupSubscription implements Subscription {
  readonly #client: KafkaClientOptions;
  readonly #options: ResolvedOptions;
  readonly #assignments: Assignments;
  readonly #closed = new AbortController();
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #failures = 0;
  /** Of all consumers so far; before the first answer, since when it is waited for. */
  #answeredAt = Date.now();
  #commits: Promise<void> = Promise.resolve();
  /** Consumers that failed and are being stopped: over a connection that broke unseen, that takes long. */
  readonly #ending = new Set<Promise<void>>();

  constructor(client: KafkaClientOptions, options: ResolvedOptions, sink: (subscription: Subscription) => ConsumerSink) {
    this.#client = client;
    this.#options = options;
    this.#assignments = new Assignments(options, sink(this));
    this.#assignments.onJoined = () => {
      this.#failures = 0;
    };
  }

  get silentSince(): number | undefined {
    const { consumer } = this.#assignments;
    if (consumer !== undefined) this.#answeredAt = Math.max(this.#answeredAt, consumer.answeredAt);
    return Date.now() - this.#answeredAt > this.#options.sessionTimeoutMs ? this.#answeredAt : undefined;
  }

  start(): void {
    if (!this.#closed.signal.aborted) this.#running = this.#run();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#assignments.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#assignments.resume(partitions);
  }

  seek(epoch: number, partition: TopicPartition, offset: number): void {
    this.#assignments.seek(epoch, partition, offset);
  }

  async commit(epoch: number, offsets: readonly CommittedOffset[]): Promise<void> {
    const turn = this.#commits.then(() => (offsets.length === 0 ? undefined : this.#assignments.commit(epoch, offsets)));
    this.#commits = turn.catch(() => {});
    await turn;
  }

  member(epoch: number): GroupMembership {
    return this.#assignments.memberIn(epoch);
  }

  transactionalIds(epoch: number): readonly string[] {
    return this.#assignments.transactionalIdsIn(epoch);
  }

  async committed(partitions: readonly TopicPartition[], { stable = false }: { stable?: boolean } = {}): Promise<CommittedOffset[]> {
    const { consumer } = this.#assignments;
    const doing = `reading the offsets of group "${this.#options.groupId}"`;
    if (consumer === undefined) throw new KafkaError('retry', `${doing}: not connected`);
    const reading = stable ? consumer.group.stable(partitions) : consumer.group.committed(partitions);
    return reading.catch((error: unknown) => {
      throw toKafkaError(error, doing);
    });
  }

  rejoin(epoch: number, reason: KafkaError): void {
    this.#assignments.rejoin(epoch, reason);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#assignments.isClosing = true;
    await this.#assignments.drain();
    this.#closed.abort();
    await this.#assignments.consumer?.stop();
    this.#assignments.consumer = undefined;
    await within(Promise.all([this.#running, ...this.#ending]), CLOSE_MS);
  }

  /** One consumer after the other, until the subscription is closed or cannot go on. */
  async #run(): Promise<void> {
    const { signal } = this.#closed;
    let staleMember: Member | undefined;
    while (!signal.aborted) {
      const consumer = new GroupConsumer(this.#client, this.#options, this.#assignments, staleMember);
      this.#assignments.consumer = consumer;
      const reason = await consumer.run();
      if (reason === undefined || this.#assignments.isClosing) return;
      const failure = this.#waited(consumer.explain(reason));
      const isFatal = failure.reason === 'fatal' || FATAL_CODES.has(failure.kafkaCode ?? '');
      this.#assignments.lose();
      this.#assignments.failed(failure, isFatal);
      this.#assignments.consumer = undefined;
      this.#end(consumer);
      if (isFatal) return;
      staleMember = consumer.member;
      await sleep(backoff(++this.#failures, FIRST_BACKOFF_MS, BACKOFF_CAP_MS), signal);
    }
  }

  /** A member with tables waits for members without: they leave when they have been replaced. */
  #waited(failure: KafkaError): KafkaError {
    if (this.#options.stateful === undefined || failure.kafkaCode !== 'INCONSISTENT_GROUP_PROTOCOL') return failure;
    const { groupId } = this.#options;
    return new KafkaError('retry', `group "${groupId}" has members that keep no tables; this one joins when they have left`, {
      kafkaCode: failure.kafkaCode,
      cause: failure,
      next: 'Stop all workers of the app that were started before it had tables, then start them again.',
    });
  }

  #end(consumer: GroupConsumer): void {
    const ending = consumer.stop().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
