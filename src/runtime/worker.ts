import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { getLogger } from '@logtape/logtape';
import { type Agent, backoff } from '../agents/index.ts';
import type { Settings } from '../config/index.ts';
import type { Source } from '../connect/index.ts';
import { describeError, isStreamerError, KafkaError, StreamerError } from '../errors.ts';
import type {
  ConsumerSink,
  KafkaAdmin,
  KafkaClient,
  KafkaRecord,
  KafkaRecords,
  Subscription,
  TopicPartition,
  TopicSpec,
} from '../kafka/index.ts';
import type { Encoded } from '../topics/index.ts';
import { AgentRuntime } from './agent-runtime.ts';
import { Assignment, nameOf } from './assignment.ts';
import { Committer } from './committer.ts';
import type { OutputHolder } from './context.ts';
import { LagMeter } from './lag-meter.ts';
import { LetterWriter } from './letter-writer.ts';
import type { Sender } from './sender.ts';
import { matchSources, type SourceMap } from './source-map.ts';
import { SourceRunner } from './source-runner.ts';
import { watchStalls } from './stall-watch.ts';
import { TopicWatch } from './topic-watch.ts';
import { deferred, limited, persist, within } from './waits.ts';
import type { WorkItem } from './work-item.ts';
import type { StopResult, WorkerEvents, WorkerState, WorkerStats } from './worker-events.ts';

/** What an app gives its worker. */
export interface WorkerParts {
  readonly appId: string;
  readonly agents: readonly Agent[];
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  /** Has the next who asks for the admin get a new one: on a connection that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly sender: Sender;
  /** Sources by name, run beside the agents. */
  readonly sources?: ReadonlyMap<string, Source> | undefined;
  /** Topics that must be there before the start, dead-letter topics included. */
  readonly requiredTopics: readonly TopicSpec[];
}

const log = getLogger(['streamer', 'worker']);
/** Longest wait for the positions of an assignment, before it is tried on a new connection. */
const TAKE_OVER_MS = 8_000;

/**
 * Runs an app's agents as a member of its consumer group. Made and started by `app.start()`.
 *
 * Rules it keeps: a commit never covers an event that is unfinished or whose outputs are unacknowledged; work of a
 * partition that was given up has no effect; a thrown error never commits.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #emitter = new EventEmitter();
  readonly #runtimes: ReadonlyMap<string, AgentRuntime>;
  readonly #committer: Committer;
  readonly #lag: LagMeter;
  readonly #topics: TopicWatch;
  readonly #letters: LetterWriter;
  readonly #watch: NodeJS.Timeout[] = [];
  readonly #runners: readonly SourceRunner[];
  #assignment: Assignment;
  #sources: SourceMap = new Map();
  #subscription: Subscription | undefined;
  #state: WorkerState = 'starting';
  #stopping: Promise<StopResult> | undefined;
  /** The epoch whose assignment was told last. */
  #assigning = -1;
  #received = 0;
  #tombstones = 0;
  #deadLetters = 0;
  #abandoned = 0;
  #failure: StreamerError | undefined;
  readonly #closing = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #ready = deferred<void>();
  readonly #stopped = deferred<StopResult>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#runtimes = new Map(parts.agents.map((agent) => [agent.name, new AgentRuntime(agent, this.#agentHost())]));
    this.#committer = new Committer(parts.settings.commitIntervalMs, {
      committed: (offsets) => this.#tell('committed', { offsets }),
      trouble: (error) => this.#failed(error, false),
      fail: (error) => this.#fail(error),
    });
    this.#runners = [...(parts.sources ?? [])].map(([name, source]) => this.#runnerOf(name, source));
    this.#assignment = this.#newAssignment();
    this.#lag = new LagMeter(() => this.#admin());
    this.#topics = new TopicWatch(() => this.#admin(), this.#closing.signal);
    this.#letters = new LetterWriter(parts.sender, (error) => this.trouble(error), this.#closing.signal);
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
      await this.#patiently(() => this.#topics.check(this.#parts.requiredTopics));
      for (const { agent } of this.#runtimes.values()) await agent.behaviour.start?.(agent.name);
      this.#sources = matchSources(this.#parts.agents, await this.#patiently(async () => this.#topicNames(await this.#admin())));
      await this.#subscribe();
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
      const tasks = this.#assignment.agentTasks(name);
      const inHand = sum(tasks, ({ agent }) => agent.inHand);
      agents[name] = runtime.stats(inHand, sum(tasks, ({ agent, task }) => agent.tracker.unfinished + task.waiting) - inHand);
    }
    return {
      events: this.#received,
      tombstonesSkipped: this.#tombstones,
      deadLettered: this.#deadLetters,
      lag: this.#lag.lag(this.#assignment.tasks),
      assigned: this.#assignment.partitions,
      agents,
      sources: Object.fromEntries(this.#runners.map(({ name, state, records }) => [name, { ...state, records }])),
    };
  }

  /** Of every assigned partition: the smallest offset that some agent has not finished. */
  positions(): Array<TopicPartition & { readonly offset: number }> {
    return this.#assignment.tasks.map((task) => ({ ...task.partition, offset: task.position }));
  }

  /** A passing trouble with the broker: told, and tried again by whoever met it. */
  trouble(error: StreamerError): void {
    this.#tell('trouble', { error });
  }

  /** A broker that goes away before the worker is ready is waited for, as it is afterwards. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    return persist(work, this.#closing.signal, (error) => {
      log.warning(`not ready yet: ${describeError(error)}`);
      this.trouble(error);
      this.#parts.renewAdmin();
    });
  }

  async #subscribe(): Promise<void> {
    const { settings, client, appId } = this.#parts;
    const options = {
      groupId: appId,
      topics: [...this.#sources.keys()],
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      drainTimeoutMs: settings.drainTimeoutMs,
      maxWaitMs: settings.fetchWaitMs,
      metadataMaxAgeMs: settings.metadataMaxAgeMs,
      start: 'earliest' as const,
    };
    if (options.topics.length === 0) {
      this.#isReady();
      this.#watchPatterns();
      return;
    }
    this.#subscription = await client.subscribe(options, this.#sink());
    this.#committer.start(() => this.#commit());
    const { stallWarningMs } = settings;
    this.#watch.push(
      watchStalls(
        stallWarningMs,
        () => this.#assignment.tasks,
        (stalled) => this.#tell('stalled', stalled),
      ),
    );
    this.#watchPatterns();
  }

  #sink(): ConsumerSink {
    return {
      assigned: async (partitions, epoch) => this.#assigned(partitions, epoch),
      revoking: (partitions, epoch, deadlineMs) => this.#revoking(partitions, epoch, deadlineMs),
      lost: (partitions) => this.#lost(partitions),
      batch: (partition, epoch, records, nextOffset) => this.#batch(partition, epoch, records, nextOffset),
      failed: (error, isFatal) => this.#failed(error, isFatal),
    };
  }

  /** The subscription is set only when `subscribe` has resolved, which may be after the first assignment. */
  async #subscribed(): Promise<Subscription> {
    while (this.#subscription === undefined) await sleep(1);
    return this.#subscription;
  }

  async #assigned(partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    const subscription = await this.#subscribed();
    this.#assigning = epoch;
    for (let attempt = 1; ; attempt++) {
      try {
        await limited(this.#takeOver(partitions, epoch, subscription), TAKE_OVER_MS, 'reading where the assigned partitions stand');
        break;
      } catch (cause) {
        const error = isStreamerError(cause) ? cause : new KafkaError('retry', (cause as Error).message, { cause });
        if (!error.retryable) return this.#fail(error);
        this.trouble(error);
        this.#parts.renewAdmin();
        await sleep(backoff(attempt, 100, 5_000), undefined, { signal: this.#closing.signal }).catch(() => {});
        if (this.#closing.signal.aborted || this.#assigning !== epoch) return;
      }
    }
    void this.#commit();
    this.#lag.refresh(this.#assignment.tasks);
    log.debug(`assigned ${nameOf(partitions) || 'nothing'}`);
    this.#isReady();
    this.#tell('assigned', { partitions, epoch });
  }

  async #takeOver(partitions: readonly TopicPartition[], epoch: number, subscription: Subscription): Promise<void> {
    await this.#assignment.assign(partitions, epoch, subscription, await this.#admin());
  }

  #isReady(): void {
    if (this.#state === 'starting') this.#state = 'ready';
    this.#ready.resolve();
  }

  /** Drains within the time, commits under the old epoch; what is kept by the next assignment goes on from its buffer. */
  async #revoking(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<void> {
    const left = Math.max(0, deadlineMs - Date.now());
    await within(
      this.#assignment.drain().then(() => this.#parts.sender.flush()),
      left,
      this.#giveUp.signal,
    );
    await within(this.#commit(), Math.max(500, deadlineMs - Date.now()), this.#giveUp.signal);
    const hadAny = this.#assignment.tasks.length > 0;
    this.#abandoned += this.#assignment.endEpoch(epoch);
    if (hadAny) this.#tell('revoked', { partitions, lost: false });
  }

  #failed(error: KafkaError, isFatal: boolean): void {
    if (isFatal) {
      this.#fail(error);
      return;
    }
    this.trouble(error);
    if (error.kafkaCode === 'UNKNOWN_TOPIC_OR_PARTITION') {
      void this.#topics.findDeleted([...this.#sources.keys()]).then((deleted) => deleted !== undefined && this.#fail(deleted));
    }
    const { topic, partition, offset } = error.place;
    if (error.kafkaCode !== 'OFFSET_OUT_OF_RANGE' || topic === undefined || partition === undefined || offset === undefined) return;
    // At an assignment, positions are chosen anyway; later, the task of the partition is out of date.
    if (this.#assignment.get({ topic, partition }) !== undefined) void this.#restart({ topic, partition }, offset);
  }

  async #restart(partition: TopicPartition, offset: number): Promise<void> {
    try {
      await this.#assignment.restart(partition, offset, await this.#subscribed(), await this.#admin());
    } catch (cause) {
      this.#fail(isStreamerError(cause) ? cause : new KafkaError('retry', (cause as Error).message, { cause }));
    }
  }

  #lost(partitions: readonly TopicPartition[]): void {
    this.#assignment.lose(new StreamerError('LOST', 'the partition was taken away while the event was in hand'));
    log.warning(
      `lost ${nameOf(partitions)}: the connection broke or the session expired; what was in hand is done again by whoever gets them`,
    );
    this.#tell('revoked', { partitions, lost: true });
  }

  #batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    if (epoch === this.#assignment.epoch) this.#assignment.get(partition)?.deliver(records, nextOffset);
  }

  async #commit(): Promise<void> {
    if (this.#subscription !== undefined) {
      await this.#committer.commit(this.#subscription, this.#assignment.epoch, this.#assignment.tasks);
    }
  }

  async #shutDown(budgetMs: number): Promise<StopResult> {
    const before = sum(this.#assignment.tasks, (task) => task.inHand);
    const deadline = Date.now() + budgetMs;
    for (const timer of this.#watch) clearInterval(timer);
    const sources = Promise.all(this.#runners.map((runner) => runner.stop()));
    this.#lag.stop();
    this.#committer.stop();
    if (this.#failure === undefined) {
      await this.#revoking(this.#assignment.partitions, this.#assignment.epoch, deadline);
    }
    await within(sources, Math.max(500, deadline - Date.now()), this.#giveUp.signal);
    this.#closing.abort();
    this.#abandoned += this.#assignment.close(new StreamerError('LOST', 'the worker is stopping'));
    await within(this.#subscription?.close() ?? Promise.resolve(), 10_000, this.#giveUp.signal);
    for (const { agent } of this.#runtimes.values()) await agent.behaviour.stop?.();
    this.#state = this.#failure === undefined ? 'stopped' : 'failed';
    const result = { drained: Math.max(0, before - this.#abandoned), abandoned: this.#abandoned };
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

  #newAssignment(): Assignment {
    const { queueRecords, queueBytes, onDataGone } = this.#parts.settings;
    return new Assignment(
      {
        queueRecords,
        queueBytes,
        pause: (partition) => this.#subscription?.pause([partition]),
        resume: (partition) => this.#subscription?.resume([partition]),
        undecodable: (partition, record, error) => this.#letter(partition, record, undefined, error, 1, undefined),
        tombstoneSkipped: () => {
          this.#tombstones++;
        },
        received: (count) => {
          this.#received += count;
        },
      },
      onDataGone,
      (topic) => {
        const source = this.#sources.get(topic);
        if (source === undefined) throw new StreamerError('USAGE', `no agent reads "${topic}"`);
        return { readable: source.readable, runtimes: source.agents.map((name) => this.#runtimes.get(name)!) };
      },
    );
  }

  #agentHost() {
    return {
      send: (topic: string, message: Encoded, holder: OutputHolder) => {
        this.#parts.sender.send(topic, message, holder.output());
      },
      deadLetter: (item: WorkItem, agent: string, error: unknown, topic: string | undefined) =>
        this.#letter(item.partition, item.record, agent, error, item.attempt, topic),
      tell: <E extends keyof WorkerEvents>(event: E, ...args: WorkerEvents[E]) => this.#tell(event, ...args),
      fail: (error: StreamerError) => this.#fail(error),
    };
  }

  async #letter(
    origin: TopicPartition,
    record: KafkaRecord,
    agent: string | undefined,
    error: unknown,
    attempts: number,
    topic: string | undefined,
  ): Promise<void> {
    await this.#letters.write({ app: this.#parts.appId, agent, origin, record, error, attempts }, topic);
    this.#deadLetters++;
    this.#tell('deadLetter', { agent, ...origin, offset: record.offset, error });
  }

  async #topicNames(admin: KafkaAdmin): Promise<string[]> {
    const hasPattern = this.#parts.agents.some((agent) => agent.sources.some(({ name }) => typeof name !== 'string'));
    return hasPattern ? await admin.listTopics() : [];
  }

  /** A topic that appears later and matches a pattern is read from its beginning: the subscription is made anew. */
  #watchPatterns(): void {
    if (!this.#parts.agents.some((agent) => agent.sources.some(({ name }) => typeof name !== 'string'))) return;
    let isBusy = false;
    const look = async () => {
      if (isBusy || this.#closing.signal.aborted) return;
      isBusy = true;
      try {
        const sources = matchSources(this.#parts.agents, await this.#topicNames(await this.#admin()));
        if ([...sources.keys()].some((topic) => !this.#sources.has(topic))) await this.#resubscribe(sources);
      } catch (error) {
        this.trouble(isStreamerError(error) ? error : new KafkaError('retry', (error as Error).message, { cause: error }));
      } finally {
        isBusy = false;
      }
    };
    this.#watch.push(setInterval(() => void look(), this.#parts.settings.metadataMaxAgeMs).unref());
  }

  async #resubscribe(sources: SourceMap): Promise<void> {
    for (const timer of this.#watch.splice(0)) clearInterval(timer);
    this.#committer.stop();
    const old = this.#subscription;
    this.#subscription = undefined;
    await old?.close();
    this.#assignment.close(new StreamerError('LOST', 'the worker subscribes anew'));
    this.#assignment = this.#newAssignment();
    this.#sources = sources;
    await this.#subscribe();
  }

  #runnerOf(name: string, source: Source): SourceRunner {
    return new SourceRunner(name, source, this.#parts.sender, (state) => this.#tell('source', { source: name, ...state }));
  }

  #admin(): Promise<KafkaAdmin> {
    return this.#parts.admin();
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
