import { EventEmitter } from 'node:events';
import { getLogger } from '@logtape/logtape';
import type { Agent } from '../agents/index.ts';
import type { Settings } from '../config/index.ts';
import type { Source } from '../connect/index.ts';
import { describeError, isStreamerError, StreamerError } from '../errors.ts';
import type { KafkaAdmin, KafkaClient, TopicPartition } from '../kafka/index.ts';
import { Telemetry } from '../observe/index.ts';
import { deferred, persist, systemClock, within } from '../timing/index.ts';
import type { StopResult, Tell, WorkerEvents, WorkerState, WorkerStats } from './events/worker-events.ts';
import type { TopicPlan } from './group/assignment.ts';
import { Membership, type MembershipHost } from './group/membership.ts';
import { Letters } from './output/letters/letters.ts';
import type { DirectOutputs, EventOutputs } from './output/outputs.ts';
import type { Services } from './services.ts';
import { SourceRunner } from './sources/source-runner.ts';
import type { AppTopicSpec } from './topology/letter-topics.ts';
import { PatternWatch } from './topology/pattern-watch.ts';
import type { SourceMap } from './topology/source-map.ts';
import { TopicWatch } from './topology/topic-watch.ts';

import { LagMeter } from './watch/lag-meter.ts';
import { AgentRuntime } from './work/agent-runtime.ts';

/** What an app gives its worker. */
export interface WorkerParts {
  readonly appId: string;
  readonly agents: readonly Agent[];
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  /** Has the next who asks for the admin get a new one: on a connection that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly outputs: EventOutputs;
  /** For what sources send. */
  readonly direct: DirectOutputs;
  /** Sources by name, run beside the agents. */
  readonly sources?: ReadonlyMap<string, Source> | undefined;
  /** Topics that must be there before the start, dead-letter topics included. */
  readonly requiredTopics: readonly AppTopicSpec[];
}

const log = getLogger(['streamer', 'worker']);

/**
 * Runs an app's agents as a member of its consumer group. Made and started by `app.start()`.
 *
 * Rules it keeps: a commit never covers an event that is unfinished or whose outputs are unacknowledged; work of a
 * partition that was given up has no effect; a thrown error never commits.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #services: Services;
  readonly #emitter = new EventEmitter();
  readonly #runtimes: ReadonlyMap<string, AgentRuntime>;
  readonly #membership: Membership;
  readonly #patterns: PatternWatch;
  readonly #lag: LagMeter;
  readonly #topics: TopicWatch;
  readonly #runners: readonly SourceRunner[];
  #sources: SourceMap = new Map();
  #state: WorkerState = 'starting';
  #stopping: Promise<StopResult> | undefined;
  #received = 0;
  #tombstones = 0;
  #failure: StreamerError | undefined;
  readonly #closing = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #ready = deferred<void>();
  readonly #stopped = deferred<StopResult>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const services = this.#makeServices();
    this.#services = services;
    this.#runtimes = new Map(parts.agents.map((agent) => [agent.name, new AgentRuntime(agent, services)]));
    this.#runners = [...(parts.sources ?? [])].map(([name, source]) => this.#runnerOf(name, source));
    this.#lag = new LagMeter(parts.admin);
    this.#topics = new TopicWatch(parts.admin, this.#closing.signal);
    this.#patterns = new PatternWatch(parts.agents, parts.admin);
    const { appId: groupId, settings, client, admin, renewAdmin } = parts;
    const membership = { groupId, settings, client, admin, renewAdmin, topicWatch: this.#topics };
    this.#membership = new Membership(membership, this.#membershipHost());
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Resolves when the worker has stopped in order; rejects with what ended it. */
  get stopped(): Promise<StopResult> {
    return this.#stopped.promise;
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
      await this.#withRetry(() => this.#topics.check(this.#parts.requiredTopics));
      for (const { agent } of this.#runtimes.values()) await agent.behaviour.start?.(agent.name);
      await this.#read(await this.#withRetry(() => this.#patterns.sources()));
    } catch (error) {
      const failure = isStreamerError(error) ? error : new StreamerError('USAGE', (error as Error).message, { cause: error });
      // One that is stopped before it is ready has not failed.
      if (this.#closing.signal.aborted) this.#ready.reject(failure);
      else this.#fail(failure);
    }
    await this.#ready.promise;
    if (this.#stopping === undefined) for (const runner of this.#runners) runner.start();
  }

  /** Finishes what is in hand within the budget, commits, leaves the group. Called again, it gives up at once. */
  stop(options: { readonly budgetMs?: number } = {}): Promise<StopResult> {
    if (this.#stopping !== undefined) {
      this.#giveUp.abort();
      return this.#stopping;
    }
    this.#state = 'draining';
    this.#stopping = this.#shutDown(options.budgetMs ?? this.#parts.settings.drainTimeoutMs);
    return this.#stopping;
  }

  stats(): WorkerStats {
    const agents: Record<string, WorkerStats['agents'][string]> = {};
    for (const [name, runtime] of this.#runtimes) {
      const tasks = this.#membership.assignment.agentTasks(name);
      const inFlight = sum(tasks, ({ agent }) => agent.inFlight);
      agents[name] = runtime.stats(inFlight, sum(tasks, ({ agent, task }) => agent.tracker.unfinished + task.waiting) - inFlight);
    }
    return {
      events: this.#received,
      tombstonesSkipped: this.#tombstones,
      deadLettered: this.#services.telemetry.total('dead_letters_total'),
      lag: this.#lag.lag(this.#membership.assignment.tasks),
      assigned: this.#membership.assignment.partitions,
      agents,
      sources: Object.fromEntries(this.#runners.map(({ name, state, records }) => [name, { ...state, records }])),
    };
  }

  /** Of every assigned partition: the smallest offset that some agent has not finished. */
  positions(): Array<TopicPartition & { readonly offset: number }> {
    return this.#membership.assignment.tasks.map((task) => ({ ...task.partition, offset: task.position }));
  }

  /** A passing trouble with the broker: told, and tried again by whoever met it. */
  warning(error: StreamerError): void {
    this.#tell('warning', { error });
  }

  /** A broker that goes away before the worker is ready is waited for, as it is afterwards. */
  async #withRetry<T>(work: () => Promise<T>): Promise<T> {
    return persist(work, this.#closing.signal, (error) => {
      log.warning(`not ready yet: ${describeError(error)}`);
      this.warning(error);
      this.#parts.renewAdmin();
    });
  }

  async #read(sources: SourceMap): Promise<void> {
    this.#sources = sources;
    if (sources.size > 0) await this.#membership.join([...sources.keys()]);
    else this.#isReady();
    if (this.#closing.signal.aborted) return;
    const reread = async (all: SourceMap) => {
      this.#sources = all;
      await this.#membership.rejoin([...all.keys()]);
    };
    this.#patterns.start(
      this.#parts.settings.metadataMaxAgeMs,
      () => this.#sources,
      reread,
      (error) => this.warning(error),
    );
  }

  #isReady(): void {
    if (this.#state === 'starting') this.#state = 'ready';
    this.#ready.resolve();
  }

  async #shutDown(budgetMs: number): Promise<StopResult> {
    const membership = this.#membership;
    const before = sum(membership.assignment.tasks, (task) => task.inFlight);
    const abandonedBefore = membership.abandonedEvents;
    const deadline = Date.now() + budgetMs;
    const sources = Promise.all(this.#runners.map((runner) => runner.stop()));
    this.#patterns.stop();
    this.#lag.stop();
    membership.stopTimers();
    if (this.#failure === undefined) await membership.drain(deadline);
    await within(sources, Math.max(500, deadline - Date.now()), this.#giveUp.signal);
    this.#closing.abort();
    await membership.leave();
    for (const { agent } of this.#runtimes.values()) await agent.behaviour.stop?.();
    this.#state = this.#failure === undefined ? 'stopped' : 'failed';
    const abandoned = membership.abandonedEvents - abandonedBefore;
    const result = { drained: Math.max(0, before - abandoned), abandoned };
    if (this.#failure === undefined) this.#stopped.resolve(result);
    else this.#stopped.reject(this.#failure);
    return result;
  }

  #fail(error: StreamerError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#ready.reject(error);
    log.debug(`failed: ${describeError(error)}`);
    if (this.#stopping === undefined) void this.stop({ budgetMs: 0 });
  }

  #membershipHost(): MembershipHost {
    return {
      closing: this.#closing.signal,
      giveUp: this.#giveUp.signal,
      undecodable: (origin, record, error) => this.#services.letters.write({ agent: undefined, origin, record, error, attempts: 1 }),
      tombstoneSkipped: () => {
        this.#tombstones++;
      },
      received: (count) => {
        this.#received += count;
      },
      plan: (topic) => this.#planOf(topic),
      flush: () => this.#services.outputs.flush(),
      assigned: () => {
        this.#lag.refresh(this.#membership.assignment.tasks);
        this.#isReady();
      },
      tell: (event, ...args) => this.#tell(event, ...args),
      fail: (error) => this.#fail(error),
    };
  }

  #planOf(topic: string): TopicPlan {
    const source = this.#sources.get(topic);
    if (source === undefined) throw new StreamerError('USAGE', `no agent reads "${topic}"`);
    return { readable: source.readable, runtimes: source.agents.map((name) => this.#runtimes.get(name)!) };
  }

  #makeServices(): Services {
    const shared = {
      outputs: this.#parts.outputs,
      telemetry: new Telemetry(),
      clock: systemClock,
      tell: ((event, ...args) => this.#tell(event, ...args)) satisfies Tell,
      fail: (error: StreamerError) => this.#fail(error),
    };
    return { ...shared, letters: new Letters(this.#parts.appId, namedTopics(this.#parts.agents), shared, this.#closing.signal) };
  }

  #runnerOf(name: string, source: Source): SourceRunner {
    return new SourceRunner(name, source, this.#parts, (state) => this.#tell('source', { source: name, ...state }));
  }

  #tell<E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]): void {
    this.#emitter.emit(event, ...args);
  }
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

function namedTopics(agents: readonly Agent[]): ReadonlySet<string> {
  return new Set(agents.flatMap(({ sources }) => sources.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))));
}
