import type { Agent } from '../agents/index.ts';
import { describeError, StreamerError } from '../errors.ts';
import type { MemberTable, TopicPartition } from '../kafka/index.ts';
import { libraryLog } from '../observe/index.ts';
import type { DeclaredTable } from '../tables/index.ts';
import { persist } from '../timing/index.ts';
import type { RestoreProgress } from './events/worker-events.ts';
import type { Plan } from './group/assignment.ts';
import { Membership } from './group/membership.ts';
import type { MembershipParts } from './group/membership-parts.ts';
import { Stateful } from './group/stateful.ts';
import { Truncation } from './repartition/truncation.ts';
import type { Input, InputPlan } from './task/input.ts';
import { type CoPartitioned, CoPartitioning } from './topology/co-partitioning.ts';
import type { AppTopicSpec } from './topology/letter-topics.ts';
import { PatternWatch } from './topology/pattern-watch.ts';
import type { SourceMap } from './topology/source-map.ts';
import { tableUses, topicsOf } from './topology/table-topology.ts';
import { TopicWatch } from './topology/topic-watch.ts';
import { ConnectionWatch } from './watch/connection-watch.ts';
import { LagMeter } from './watch/lag-meter.ts';
import { LoopWatch } from './watch/loop-watch.ts';
import type { AgentRuntime } from './work/agent-runtime.ts';

export interface ReadingParts extends Omit<MembershipParts, 'topicWatch' | 'plan' | 'coPartitioned' | 'stateful'> {
  readonly agents: readonly Agent[];
  readonly tables: ReadonlyMap<string, DeclaredTable>;
  readonly runtimes: ReadonlyMap<string, AgentRuntime>;
  /** Topics that must exist before the start. */
  readonly requiredTopics: readonly AppTopicSpec[];
  readonly coPartitioned: readonly CoPartitioned[];
  /** Topics that need the same number of partitions. */
  readonly sameCounts: readonly CoPartitioned[];
}

const log = libraryLog('worker');

/** What a worker reads: the topics of its agents, those of patterns as they appear, as a member of its group. */
export class Reading implements Plan {
  readonly membership: Membership;
  readonly #parts: ReadingParts;
  readonly #coPartitioning: CoPartitioning;
  readonly #topics: TopicWatch;
  readonly #patterns: PatternWatch;
  readonly #lag: LagMeter;
  readonly #connection: ConnectionWatch;
  readonly #loop: LoopWatch;
  readonly #truncation: Truncation;
  readonly #stateful: Stateful | undefined;
  #sources: SourceMap = new Map();

  constructor(parts: ReadingParts) {
    this.#parts = parts;
    const { admin, agents, closing, onAssigned, services } = parts;
    this.#coPartitioning = new CoPartitioning(parts.coPartitioned);
    this.#topics = new TopicWatch(admin, closing);
    this.#patterns = new PatternWatch(agents, admin, (error) => services.tell('warning', { error }));
    this.#lag = new LagMeter(admin);
    const { tell } = parts.services;
    this.#connection = new ConnectionWatch(() => this.membership.silentSince, tell);
    this.#loop = new LoopWatch(
      parts.settings.sessionTimeoutMs,
      () => this.inputs,
      (blocked) => tell('blocked', blocked),
    );
    this.#truncation = new Truncation({
      admin,
      topics: new Set(parts.requiredTopics.flatMap(({ name, repartitionOf }) => (repartitionOf === undefined ? [] : [name]))),
      inputs: () => this.inputs,
      clock: services.clock,
      tell,
    });
    this.#stateful =
      parts.tables.size === 0 ? undefined : new Stateful({ ...parts, appId: parts.groupId, memberTables: memberTables(parts) });
    this.membership = new Membership({
      ...parts,
      stateful: this.#stateful,
      topicWatch: this.#topics,
      plan: this,
      coPartitioned: this.#coPartitioning.groups,
      onAssigned: () => {
        this.#lag.refresh(this.inputs);
        onAssigned();
      },
    });
  }

  get inputs(): readonly Input[] {
    return this.membership.tasks.flatMap(({ inputs }) => inputs);
  }

  get partitions(): readonly TopicPartition[] {
    return this.inputs.map(({ partition }) => partition);
  }

  /** Since when (epoch milliseconds) no broker has answered; undefined while they do. */
  get disconnectedSince(): number | undefined {
    return this.#connection.since;
  }

  get lag(): number {
    return this.#lag.lag(this.inputs);
  }

  input(topic: string): InputPlan {
    const source = this.#sources.get(topic);
    if (source === undefined) throw new StreamerError('USAGE', `no agent reads "${topic}"`);
    return {
      readable: source.readable,
      runtimes: source.agents.flatMap((name) => this.#parts.runtimes.get(name) ?? []),
      partitions: this.#topics.partitions(topic),
    };
  }

  groupOf(topic: string): readonly string[] {
    return this.#coPartitioning.groupOf(topic);
  }

  tablesOf(topics: readonly string[]): readonly DeclaredTable[] {
    const writers = this.#parts.agents.filter(({ sources }) => sources.some(({ name }) => topics.some((topic) => topic === name)));
    return writers.flatMap(({ tables }) => tables.flatMap(({ name }) => this.#parts.tables.get(name) ?? []));
  }

  /** Names of the app's tables. */
  get tables(): readonly string[] {
    return [...this.#parts.tables.keys()];
  }

  /** How far the restores of tables have come; undefined while nothing is restored. */
  get restore(): RestoreProgress | undefined {
    return this.#stateful?.restorer.progress.current;
  }

  /**
   * Checks the topics that are needed, and that the broker has transactions where there are tables.
   *
   * @throws ConfigError (rejects) naming those that are missing
   * @throws KafkaError (rejects) when the broker lacks transactions, or the right to them is missing
   */
  async check(): Promise<void> {
    await this.#withRetry(() => this.#topics.check(this.#parts.requiredTopics, this.#parts.sameCounts));
    await this.#withRetry(async () => this.#stateful?.open());
    this.#limitTables();
  }

  #limitTables(): void {
    for (const table of this.#parts.tables.values()) table.recordBytes = this.#topics.recordBytes(table.changelog);
  }

  /** Joins the group. Where there is nothing to read yet, it is ready at once. */
  async start(): Promise<void> {
    const { closing, onAssigned, settings } = this.#parts;
    const sources = await this.#withRetry(() => this.#patterns.sources());
    this.#sources = sources;
    if (sources.size > 0) await this.membership.join([...sources.keys()]);
    else onAssigned();
    if (closing.aborted) return;
    this.#connection.start();
    this.#loop.start();
    this.#truncation.start();
    this.#patterns.start(
      settings.metadataMaxAgeMs,
      () => this.#sources,
      async (all) => {
        this.#sources = all;
        await this.membership.rejoin([...all.keys()]);
      },
    );
  }

  /** From now on nothing happens by the clock. */
  stopTimers(): void {
    this.#patterns.stop();
    this.#connection.stop();
    this.#loop.stop();
    this.#truncation.stop();
    this.#lag.stop();
    this.membership.stopTimers();
  }

  /** A broker that goes away before the worker is ready is waited for, as it is afterwards. */
  async #withRetry<T>(work: () => Promise<T>): Promise<T> {
    const { closing, renewAdmin, services } = this.#parts;
    return persist(work, closing, (error) => {
      log.warning('not ready yet: {error}', { error: describeError(error) });
      services.tell('warning', { error });
      renewAdmin();
    });
  }
}

/** What the leader of the group has to know: a partition is not moved to a member that lacks one of its tables. */
function memberTables({ tables, agents }: ReadingParts): MemberTable[] {
  return tableUses(tables, agents).map(({ table, writers, readers }) => ({ name: table.name, topics: topicsOf([...writers, ...readers]) }));
}
