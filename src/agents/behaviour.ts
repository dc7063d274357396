/**
 * The contract between the runtime and what an agent does. `each`, generators, `inference`, `filter`, `forward` and
 * `ageBand` are all behaviours; you can write your own.
 *
 * The runtime opens a behaviour once for every assigned partition. It puts events into the inbox and calls `wake`; the
 * behaviour polls what may start now, works, and reports the outcome of every delivery exactly once: `done`, `fail` or
 * `release`. Order, retries, dead letters, acknowledgements and commits are the runtime's.
 */
import type { StreamerError } from '../errors.ts';
import type { KafkaRecord, TopicPartition } from '../kafka/index.ts';
import type { Telemetry } from '../observe/index.ts';
import type { Event } from '../topics/index.ts';
import type { InferenceStats } from './inference/stats.ts';

/** Headers of an output beside those that its event hands on. */
export type OutputHeaders = Readonly<Record<string, string | null>>;

export interface Delivery<K, V, Out> {
  readonly event: Event<K, V>;
  /** The bytes that the event was made from. */
  readonly origin: Pick<KafkaRecord, 'key' | 'value'>;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** When the first attempt began (epoch milliseconds); later attempts keep it. */
  readonly firstStartedAt: number;
  /**
   * Deliveries of one poll with the same `run` (compared by identity) must be kept in order: those of one key, lane or
   * partition, as the agent's `order` says. Where nothing orders them, every delivery has a `run` of its own.
   */
  readonly run: unknown;
  /** Runs `work` so that every `topic.send` in it belongs to this event. */
  within<T>(work: () => T): T;
  /**
   * Hands an output to the agent's sinks. Throws a `SerdeError` when it does not fit a sink's topic; the event must then
   * be failed with it.
   *
   * @param headers set over those of the event; null takes one away
   */
  emit(output: Out, headers?: OutputHeaders): void;
  /** The handler has finished the event. It counts as finished when all its outputs are acknowledged. */
  done(): void;
  /** The handler failed: the agent's failure policy decides what follows. */
  fail(error: unknown): void;
  /** Gives the event back unstarted; it is delivered again, in its place. */
  release(): void;
}

/** What a long-running piece of work holds: everything sent inside `run` belongs to the deliveries last held. */
export interface Scope<K, V, Out> {
  hold(deliveries: ReadonlyArray<Delivery<K, V, Out>>): void;
  run<T>(work: () => T): T;
  /** As `Delivery.emit`, for all that is held; key, timestamp and headers are those of the last one. */
  emit(output: Out): void;
}

export interface PollOptions {
  /** Only what belongs to this lane (behaviours with `unit: 'lane'`). */
  readonly lane?: number;
  /**
   * Give several events of one key (or lane, or partition) at once, in order. The caller then promises to report their
   * outcomes in that order, and to `release` the later ones when an earlier one fails. @default false
   */
  readonly runs?: boolean;
  /** With `lane` and `runs`: more of the lane while some of it is in flight, to be treated as one run with it. @default false */
  readonly joins?: boolean;
}

export interface Inbox<K, V, Out> {
  readonly agent: string;
  readonly partition: TopicPartition;
  /** The agent's `concurrency`. */
  readonly concurrency: number;
  /** The agent's `timeoutMs`; 0 = none. */
  readonly timeoutMs: number;
  /** Aborted when the partition is abandoned: results from then on are dropped. */
  readonly signal: AbortSignal;
  /** Up to `max` deliveries that may start now, the oldest first. */
  poll(max: number, options?: PollOptions): Delivery<K, V, Out>[];
  scope(): Scope<K, V, Out>;
  /** Reports that something outside cannot be reached and that nothing is polled meanwhile. Holds until `resumed`. */
  waiting(error: unknown): void;
  resumed(): void;
  /** Reports an error that belongs to no event. The worker goes on. */
  misused(error: StreamerError): void;
}

export interface BehaviourRun<K = unknown, V = unknown, Out = unknown> {
  /** Something may be ready to poll. Also called when nothing is, and synchronously from within `done` or `fail`. */
  wake(): void;
  /** With `take`: is there room for one more? */
  hasRoom?(): boolean;
  /**
   * Takes a delivery that may start without its being polled. Optional; called when there is room and nothing waits, so
   * that what is handled at once never has to wait.
   */
  take?(delivery: Delivery<K, V, Out>): void;
  /** Nothing more comes for now: a batch in flight should not wait for more. */
  drain?(): void;
  /** No event comes any more and none is in flight. */
  close(): void | Promise<void>;
}

/** What a behaviour counts of its own, beside what the runtime does; part of `worker.stats().agents[name]`. */
export interface BehaviourStats {
  readonly inference?: InferenceStats | undefined;
  /** What a sink's writer counts, as `{ written, deleted, stale, refused }`. */
  readonly sink?: Readonly<Record<string, number>> | undefined;
}

export interface Behaviour<K, V, Out> {
  /** For tables and logs, as `inference`. */
  readonly name: string;
  /**
   * What an order by key is kept by: `lane` = keys hashed to the agent's `concurrency` lanes, each strictly sequential;
   * `key` = every key by itself, so that a retry holds its key alone.
   */
  readonly unit: 'lane' | 'key';
  /** Receives records without value even where the topic skips them. @default false */
  readonly tombstones?: boolean;
  /** Most events in flight at once, for the table of agents. @default the agent's `concurrency` */
  readonly capacity?: number;
  /**
   * Called once per worker, before the first record.
   *
   * @param telemetry what the worker counts
   */
  start?(agent: string, telemetry: Telemetry): Promise<void>;
  /** Called once per worker, after the last record. */
  stop?(): Promise<void>;
  /** Over all partitions of this worker. */
  stats?(): BehaviourStats;
  open(inbox: Inbox<K, V, Out>): BehaviourRun<K, V, Out>;
}
