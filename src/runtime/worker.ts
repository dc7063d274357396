import { EventEmitter } from 'node:events';
import type { Agent } from '../agents/index.ts';
import type { Settings } from '../config/index.ts';
import type { Source } from '../connect/index.ts';
import { describeError, isStreamerError, messageOf, StreamerError } from '../errors.ts';
import type { KafkaAdmin, KafkaClient, TopicPartition } from '../kafka/index.ts';
import { libraryLog, Telemetry } from '../observe/index.ts';
import type { DeclaredTable, Shard } from '../tables/index.ts';
import { systemClock, within } from '../timing/index.ts';
import type { StopResult, Tell, WorkerEvents, WorkerState, WorkerStats } from './events/worker-events.ts';
import { Lifecycle } from './lifecycle.ts';
import { Letters } from './output/letters/letters.ts';
import type { DirectOutputs, EventOutputs } from './output/outputs.ts';
import { Reading } from './reading.ts';
import type { Services } from './services.ts';
import { SourceRunner } from './sources/source-runner.ts';
import { statsOf } from './stats.ts';
import type { CoPartitioned } from './topology/co-partitioning.ts';
import type { AppTopicSpec } from './topology/letter-topics.ts';
import { AgentRuntime } from './work/agent-runtime.ts';

// What a stop gave up is counted from the stop on: a rebalance before it may have given up events too, which other workers have done
// since.

/** What an app gives its worker. */
export interface WorkerParts {
  readonly appId: string;
  readonly agents: readonly Agent[];
  /** Tables by name. @default none */
  readonly tables?: ReadonlyMap<string, DeclaredTable> | undefined;
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  /** The next call of `admin` gets a new connection: on one that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly outputs: EventOutputs;
  /** For what sources send. */
  readonly direct: DirectOutputs;
  /** Sources by name, run beside the agents. */
  readonly sources?: ReadonlyMap<string, Source> | undefined;
  /** Topics that must exist before the start, dead-letter topics included. */
  readonly requiredTopics: readonly AppTopicSpec[];
  /** Topics that agents read together. @default none */
  readonly coPartitioned?: readonly CoPartitioned[] | undefined;
  /** Topics that need the same number of partitions. @default those that are read together */
  readonly sameCounts?: readonly CoPartitioned[] | undefined;
}

const log = libraryLog('worker');
/** Shortest time for sources to stop. */
const SOURCES_MS = 500;

/**
 * Runs an app's agents as a member of its consumer group. Made and started by `app.start()`.
 *
 * Rules it keeps: a commit never covers an event that is unfinished or whose outputs are unacknowledged; work of a
 * partition that was given up has no effect; a thrown error never commits.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #emitter = new EventEmitter();
  readonly #life = new Lifecycle();
  readonly #services: Services;
  readonly #runtimes: ReadonlyMap<string, AgentRuntime>;
  readonly #runners: readonly SourceRunner[];
  readonly #reading: Reading;
  #stopping: Promise<StopResult> | undefined;
  /** It has failed, and what is in flight is finished and committed all the same. */
  #drains = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const services = this.#makeServices();
    this.#services = services;
    this.#runtimes = new Map(parts.agents.map((agent) => [agent.name, new AgentRuntime(agent, services)]));
    this.#runners = [...(parts.sources ?? [])].map(([name, source]) => this.#runnerOf(name, source));
    const {
      appId: groupId,
      coPartitioned = [],
      sameCounts = coPartitioned,
      agents,
      tables = new Map(),
      settings,
      client,
      admin,
      renewAdmin,
      requiredTopics,
    } = parts;
    const { closing, giveUp } = this.#life;
    this.#reading = new Reading({
      ...{ groupId, agents, tables, settings, client, admin, renewAdmin, requiredTopics, coPartitioned, sameCounts, services },
      runtimes: this.#runtimes,
      closing: closing.signal,
      giveUp: giveUp.signal,
      onAssigned: () => this.#life.isReady(),
    });
  }

  get state(): WorkerState {
    const { state } = this.#life;
    return state === 'ready' && this.#reading.disconnectedSince !== undefined ? 'disconnected' : state;
  }

  /** Resolves when the worker has stopped in order; rejects with the error that ended it. */
  get stopped(): Promise<StopResult> {
    return this.#life.stopped;
  }

  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): this {
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): this {
    this.#emitter.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  /** Checks topics, joins the group; resolves with the first assignment. */
  async start(): Promise<void> {
    try {
      await this.#reading.check();
      for (const { agent } of this.#runtimes.values()) await agent.behaviour.start?.(agent.name, this.#services.telemetry);
      await this.#reading.start();
    } catch (cause) {
      const error = isStreamerError(cause) ? cause : new StreamerError('USAGE', messageOf(cause), { cause });
      if (this.#life.closing.signal.aborted) this.#life.cutOff(error);
      else this.#fail(error);
    }
    await this.#life.ready;
    if (this.#stopping === undefined) for (const runner of this.#runners) runner.start();
  }

  /** Finishes what is in flight within the budget, commits, leaves the group. Called again, it gives up at once. */
  stop(options: { readonly budgetMs?: number } = {}): Promise<StopResult> {
    if (this.#stopping !== undefined) {
      this.#life.giveUp.abort();
      return this.#stopping;
    }
    this.#life.isDraining();
    this.#stopping = this.#shutDown(options.budgetMs ?? this.#parts.settings.drainTimeoutMs);
    return this.#stopping;
  }

  stats(): WorkerStats {
    return statsOf({ services: this.#services, reading: this.#reading, runtimes: this.#runtimes, runners: this.#runners });
  }

  /** Of every assigned partition: the smallest offset that some agent has not finished. */
  positions(): Array<TopicPartition & { readonly offset: number }> {
    return this.#reading.inputs.map(({ partition, position }) => ({ ...partition, offset: position }));
  }

  /** True while tables are restored: agents that use them wait. */
  get isRestoring(): boolean {
    return this.#reading.membership.tasks.some(({ phase }) => phase.current === 'restoring');
  }

  /** The shards of a table that this worker has, one for each of its partitions of the table. For tests and tools. */
  shards(table: string): Shard[] {
    return this.#reading.membership.tasks.flatMap(({ state }) => state?.shards.get(table)?.shard ?? []);
  }

  /** Reports a transient error of the broker, after which the caller tries again. */
  warning(error: StreamerError): void {
    this.#services.tell('warning', { error });
  }

  async #shutDown(budgetMs: number): Promise<StopResult> {
    const { membership } = this.#reading;
    const { closing, giveUp } = this.#life;
    const before = membership.tasks.reduce((sum, task) => sum + task.inFlight, 0);
    const abandonedBefore = membership.abandonedEvents;
    const deadline = Date.now() + budgetMs;
    const sources = Promise.all(this.#runners.map((runner) => runner.stop()));
    this.#reading.stopTimers();
    const committed = (!this.#life.hasFailed || this.#drains) && (await membership.drain(deadline));
    await within(sources, Math.max(SOURCES_MS, deadline - Date.now()), giveUp.signal);
    closing.abort();
    await membership.leave();
    for (const { agent } of this.#runtimes.values()) await agent.behaviour.stop?.();
    const abandoned = membership.abandonedEvents - abandonedBefore;
    const result = { drained: Math.max(0, before - abandoned), abandoned, committed };
    this.#life.end(result);
    return result;
  }

  #fail(error: StreamerError, { drains = false }: { readonly drains?: boolean } = {}): void {
    if (!this.#life.fail(error)) return;
    log.debug('failed: {error}', { error: describeError(error) });
    if (this.#stopping !== undefined) return;
    this.#drains = drains;
    void this.stop(drains ? {} : { budgetMs: 0 });
  }

  /** A listener that throws is its own affair: the worker goes on. */
  #tell(event: keyof WorkerEvents, args: readonly unknown[]): void {
    try {
      this.#emitter.emit(event, ...args);
    } catch (error) {
      log.error('a listener of "{event}" failed: {error}', { event, error: describeError(error) });
    }
  }

  #makeServices(): Services {
    const { agents, appId, outputs } = this.#parts;
    const shared = {
      outputs,
      telemetry: new Telemetry(),
      clock: systemClock,
      tell: ((event, ...args) => this.#tell(event, args)) satisfies Tell,
      fail: ((error, how) => this.#fail(error, how)) satisfies Services['fail'],
    };
    return { ...shared, letters: new Letters(appId, namedTopics(agents), shared, this.#life.closing.signal) };
  }

  #runnerOf(name: string, source: Source): SourceRunner {
    return new SourceRunner(name, source, this.#parts, this.#services);
  }
}

/** Topics that agents read by name. */
function namedTopics(agents: readonly Agent[]): ReadonlySet<string> {
  return new Set(agents.flatMap(({ sources }) => sources.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))));
}
