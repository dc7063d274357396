import { StreamerError } from '../../errors.ts';
import type { CommittedOffset, KafkaRecord, KafkaRecords, TopicPartition } from '../../kafka/index.ts';
import type { Readable } from '../../topics/index.ts';
import { decodeCommit, runAheadOf } from '../offsets/commit-metadata.ts';
import type { Services } from '../services.ts';
import { AgentTables } from '../state/agent-tables.ts';
import type { TaskState } from '../state/task-state.ts';
import type { AgentRuntime } from '../work/agent-runtime.ts';
import { AgentTask } from '../work/agent-task.ts';
import { Admission } from './admission.ts';
import { Backlog } from './backlog.ts';
import { CommitPoint, type Stamp } from './commit-point.ts';
import { RecordDecoder } from './decoder.ts';
import { Dispatch, type UnreadablePolicy } from './dispatch.ts';
import { type Fetching, FlowControl, type FlowLimits } from './flow-control.ts';
import { type InputStart, UNCOMMITTED } from './input-start.ts';
import type { TaskPhase } from './phase.ts';
import { SecondDecoding } from './second-decoding.ts';

/** What is read from a topic: how it is decoded, and the agents that get it. */
export interface InputPlan {
  readonly readable: Readable<unknown, unknown>;
  readonly runtimes: readonly AgentRuntime[];
  /** Number of partitions of the topic, where it is known. */
  readonly partitions?: number | undefined;
}

/** Those of the worker's services that an input uses, and how much it may hold. */
export interface InputContext {
  readonly services: Pick<Services, 'letters' | 'telemetry' | 'clock' | 'fail'>;
  readonly limits: FlowLimits & { readonly onUnreadable: UnreadablePolicy };
  readonly fetching: Fetching;
  /** Transactional id of the worker. Set in apps with tables. */
  readonly writer?: string | undefined;
}

/** The task that an input belongs to. */
export interface InputOwner {
  readonly phase: TaskPhase;
  /** The shards of its tables; undefined for a task without tables. */
  readonly state: TaskState | undefined;
  /** An event has left the hands of its handler, or something else has changed that a drain may wait for. */
  progressed(): void;
}

/** One topic-partition of a task: decodes its records, gives them to the agents of its topic, and knows what may be committed. */
export class Input {
  readonly partition: TopicPartition;
  readonly agents: readonly AgentTask[];
  readonly #owner: InputOwner;
  readonly #backlog: Backlog;
  readonly #flow: FlowControl;
  readonly #admission: Admission;
  readonly #commitPoint: CommitPoint;
  /** Where it began. */
  readonly start: InputStart;

  constructor(partition: TopicPartition, plan: InputPlan, start: InputStart, context: InputContext, owner: InputOwner) {
    const { services, limits, fetching } = context;
    const { readable, runtimes } = plan;
    const decoder = new RecordDecoder(partition.topic, readable);
    const values = new SecondDecoding(decoder, partition);
    const progressed = () => this.#progressed();
    const { position } = start;
    this.partition = partition;
    this.#owner = owner;
    this.#backlog = new Backlog(position);
    this.agents = runtimes.map((runtime) => {
      const finished = start.finished.get(runtime.agent.name) ?? [];
      const deliversTombstones = readable.tombstones === 'deliver';
      const tables = tablesOf(runtime, owner.state, partition, plan);
      return new AgentTask(runtime, { partition, position, finished, deliversTombstones, values, progressed, tables });
    });
    this.start = start;
    const stamp = stampOf(owner, start, context);
    this.#commitPoint = new CommitPoint(partition, this.agents, start, stamp);
    const runAhead = stamp && runAheadOf(agentNames(runtimes), [...(owner.state?.shards.keys() ?? [])], stamp.writer);
    this.#flow = new FlowControl(partition, this.agents, this.#backlog, limits, fetching, runAhead);
    const { tombstones } = readable;
    const parts = { agents: this.agents, decoder };
    const dispatch = new Dispatch({ ...parts, partition, tombstones, services, onUnreadable: limits.onUnreadable, settled: progressed });
    const { phase } = owner;
    const work = { backlog: this.#backlog, flow: this.#flow, dispatch, values, phase, clock: services.clock, progressed };
    this.#admission = new Admission({ ...parts, ...work });
  }

  /** Where reading goes on: the offset behind the last one fetched. */
  get end(): number {
    return this.#backlog.end;
  }

  /** Records that wait to be decoded. */
  get waiting(): number {
    return this.#backlog.length;
  }

  /** The smallest offset that some agent has not finished. */
  get position(): number {
    return this.#commitPoint.position;
  }

  /** The offset of its last commit; undefined before the first one. */
  get lastCommit(): number | undefined {
    return this.#commitPoint.lastCommit;
  }

  get inFlight(): number {
    return this.agents.reduce((sum, agent) => sum + agent.inFlight, 0);
  }

  /** The record whose decoding is waited for. */
  get decoding(): KafkaRecord | undefined {
    return this.#admission.decoding;
  }

  /** Takes in records; their work begins later, so that the next fetch is under way before it. */
  deliver(records: KafkaRecords, nextOffset: number): void {
    if (this.#isClosed) return;
    this.#backlog.push(records, nextOffset);
    this.#admission.schedule();
    this.#check();
  }

  /** Nothing is fetched until it is opened. */
  hold(): void {
    this.#flow.hold();
  }

  /** Goes on where its buffer ends. */
  open(): void {
    this.#flow.open();
    for (const agent of this.agents) agent.resume();
    this.#admission.schedule();
    this.#check();
  }

  /** Starts no event any more. */
  drain(): void {
    for (const agent of this.agents) agent.drain();
  }

  /** Returns the number of events that were in flight. */
  abandon(reason: StreamerError): number {
    return this.agents.reduce((sum, agent) => sum + agent.abandon(reason), 0);
  }

  /** What should be committed now; undefined when it is committed already. @param numbers of the cut, for a task with tables */
  uncommitted(numbers?: ReadonlyMap<string, number>): CommittedOffset | undefined {
    return this.#commitPoint.next(numbers);
  }

  committed(offset: CommittedOffset): void {
    this.#commitPoint.committed(offset);
  }

  /** True if this is what it has committed last. */
  isCommitted({ position, metadata }: InputStart): boolean {
    return this.#commitPoint.isCommitted(position, metadata);
  }

  /** Where an input that takes the place of this one begins. */
  restart(): InputStart {
    const { offset, metadata } = this.#commitPoint.current();
    return { position: offset, finished: decodeCommit(offset, metadata).finished, metadata: UNCOMMITTED, topicId: this.start.topicId };
  }

  /** Resolves when the outputs of all events that have finished are acknowledged; undefined when they are. */
  acknowledged(): Promise<unknown> | undefined {
    const waits = this.agents.flatMap((agent) => agent.unacknowledged.cut() ?? []);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  #progressed(): void {
    if (this.#isClosed) return;
    this.#owner.progressed();
    if (this.#admission.isAdmitting) return;
    this.#admission.proceed();
    if (this.#flow.isPaused) this.#check();
  }

  /** Before it runs, and while it is suspended, its task decides whether it is paused. */
  #check(): void {
    const { current } = this.#owner.phase;
    if (current === 'running' || current === 'draining') this.#flow.check();
  }

  get #isClosed(): boolean {
    return this.#owner.phase.current === 'closed';
  }
}

/** Undefined for a task without tables. */
function stampOf({ state }: InputOwner, { topicId }: InputStart, { writer }: InputContext): Stamp | undefined {
  if (state === undefined) return undefined;
  if (topicId === undefined || writer === undefined)
    throw new StreamerError('USAGE', 'a task with tables needs a transactional id, and the ids of its topics');
  return { topicId, writer };
}

const agentNames = (runtimes: readonly AgentRuntime[]): string[] => runtimes.map(({ agent }) => agent.name);

function tablesOf(
  { agent }: AgentRuntime,
  state: TaskState | undefined,
  partition: TopicPartition,
  { readable: { serdes }, partitions }: InputPlan,
): AgentTables | undefined {
  if (state === undefined || agent.tables.length + agent.reads.length === 0) return undefined;
  return new AgentTables(agent, state, { partition, serdes, partitions });
}
