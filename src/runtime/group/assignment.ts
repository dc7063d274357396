import { getLogger } from '@logtape/logtape';
import { StreamerError } from '../../errors.ts';
import type { CommittedOffset, KafkaAdmin, Subscription, TopicPartition, Watermarks } from '../../kafka/index.ts';
import type { Readable } from '../../topics/index.ts';
import { decodeFinished, type FinishedMap } from '../offsets/finished-map.ts';
import { type PartitionHost, PartitionTask } from '../task/input.ts';
import type { AgentRuntime } from '../work/agent-runtime.ts';
import type { AgentTask } from '../work/agent-task.ts';

export interface TopicPlan {
  readonly readable: Readable<unknown, unknown>;
  readonly runtimes: readonly AgentRuntime[];
}

/** What happens when the group's commit lies outside of the log. */
export type DataGonePolicy = 'stop' | 'earliest' | 'latest';

const log = getLogger(['streamer', 'worker']);

interface Start {
  readonly position: number;
  readonly finished: FinishedMap;
  readonly metadata: string;
}

/**
 * The partitions of the current epoch. A partition that consecutive epochs assign to this worker keeps its task: nothing
 * is redone, reading goes on where its buffer ends.
 */
export class Assignment {
  readonly #host: PartitionHost;
  readonly #onOffsetOutOfRange: DataGonePolicy;
  readonly #plan: (topic: string) => TopicPlan;
  readonly #tasks = new Map<string, PartitionTask>();
  #epoch = -1;
  #turn = 0;

  constructor(host: PartitionHost, onOffsetOutOfRange: DataGonePolicy, plan: (topic: string) => TopicPlan) {
    this.#host = host;
    this.#onOffsetOutOfRange = onOffsetOutOfRange;
    this.#plan = plan;
  }

  /** -1 while nothing is assigned. */
  get epoch(): number {
    return this.#epoch;
  }

  get tasks(): readonly PartitionTask[] {
    return [...this.#tasks.values()];
  }

  get partitions(): readonly TopicPartition[] {
    return this.tasks.map((task) => task.partition);
  }

  get(partition: TopicPartition): PartitionTask | undefined {
    return this.#tasks.get(keyOf(partition));
  }

  /** An agent's tasks, each with its partition's. */
  agentTasks(name: string): Array<{ readonly agent: AgentTask; readonly task: PartitionTask }> {
    return this.tasks.flatMap((task) => task.agents.filter(({ agent }) => agent === name).map((agent) => ({ agent, task })));
  }

  /** Makes tasks for what is new, lets go of what is not assigned any more, and sets every position. */
  async assign(partitions: readonly TopicPartition[], epoch: number, subscription: Subscription, admin: KafkaAdmin): Promise<void> {
    const turn = ++this.#turn;
    const committed = new Map((await subscription.committed(partitions)).map((offset) => [keyOf(offset), offset]));
    const starts = new Map<string, Start>();
    for (const [topic, group] of byTopic(partitions)) {
      const marks = new Map((await admin.watermarks(topic)).map((mark) => [keyOf(mark), mark]));
      for (const partition of group)
        starts.set(keyOf(partition), this.#startOf(partition, committed.get(keyOf(partition)), marks.get(keyOf(partition))));
    }
    // An answer that took too long belongs to a call that has been given up.
    if (turn !== this.#turn) return;
    this.#retain(new Set(starts.keys()));
    this.#epoch = epoch;
    for (const partition of partitions) this.#place(partition, starts.get(keyOf(partition))!, subscription);
    for (const task of this.#tasks.values()) task.resume();
  }

  /** The log no longer holds what would be read next: decides by policy where to go on. @throws StreamerError when it says stop */
  async restart(partition: TopicPartition, offset: number, subscription: Subscription, admin: KafkaAdmin): Promise<void> {
    const epoch = this.#epoch;
    const marks = (await admin.watermarks(partition.topic)).find((mark) => mark.partition === partition.partition);
    const start = this.#startOf(partition, { ...partition, offset, metadata: null }, marks);
    const key = keyOf(partition);
    if (epoch !== this.#epoch || !this.#tasks.has(key)) return;
    this.#tasks.get(key)?.abandon(new StreamerError('LOST', 'the log was cut, or the topic was made anew'));
    this.#tasks.delete(key);
    this.#place(partition, start, subscription);
  }

  /** Resolves when nothing is in hand any more; starts nothing more. */
  async drain(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.drain()));
  }

  /** Ends an epoch: what is still in hand is abandoned, with its task. Tells how many events that were. */
  endEpoch(epoch: number): number {
    if (epoch !== this.#epoch) return 0;
    let abandoned = 0;
    for (const [key, task] of this.#tasks) {
      if (task.inFlight === 0) continue;
      abandoned += task.abandon(new StreamerError('LOST', 'the partition was given up before the event was finished'));
      this.#tasks.delete(key);
    }
    return abandoned;
  }

  lose(reason: StreamerError): void {
    this.close(reason);
    this.#epoch = -1;
  }

  /** Tells how many events were in hand. */
  close(reason: StreamerError): number {
    let abandoned = 0;
    for (const task of this.#tasks.values()) abandoned += task.abandon(reason);
    this.#tasks.clear();
    return abandoned;
  }

  /**
   * Where a partition starts: at its commit; without one at the earliest record, and that position is committed with the
   * first commit. A commit that lies outside of the log has lost its data, or belongs to a topic of the same name.
   */
  #startOf(partition: TopicPartition, commit: CommittedOffset | undefined, marks: Watermarks | undefined): Start {
    if (marks === undefined) throw new StreamerError('REFUSED', 'the partition does not exist', partition);
    const { earliest, latest } = marks;
    if (commit === undefined || commit.offset < 0) return freshStart(earliest);
    if (commit.offset >= earliest && commit.offset <= latest) {
      return { position: commit.offset, finished: decodeFinished(commit.offset, commit.metadata), metadata: commit.metadata ?? '' };
    }
    const what = `reading should go on at ${commit.offset}, the log holds ${earliest} to ${latest}: ${
      commit.offset < earliest ? 'records were deleted before they were read' : 'the topic was made anew, or its log lost data'
    }`;
    if (this.#onOffsetOutOfRange === 'stop') {
      const next = 'Decide where to go on, and start again with --on-offset-out-of-range earliest or --on-offset-out-of-range latest.';
      throw new StreamerError('REFUSED', what, { ...partition, next });
    }
    log.warning(
      `${partition.topic}[${partition.partition}]: ${what}; going on at the ${this.#onOffsetOutOfRange} record (onOffsetOutOfRange)`,
    );
    return freshStart(this.#onOffsetOutOfRange === 'earliest' ? earliest : latest);
  }

  #retain(keys: ReadonlySet<string>): void {
    for (const [key, task] of this.#tasks) {
      if (keys.has(key)) continue;
      task.abandon(new StreamerError('LOST', 'the partition belongs to another worker now'));
      this.#tasks.delete(key);
    }
  }

  #place(partition: TopicPartition, start: Start, subscription: Subscription): void {
    const key = keyOf(partition);
    const kept = this.#tasks.get(key);
    if (kept !== undefined && start.position <= kept.position) {
      subscription.seek(this.#epoch, partition, kept.end);
      return;
    }
    // Somebody else has been further meanwhile: what this task knows is out of date.
    kept?.abandon(new StreamerError('LOST', 'the partition was with another worker meanwhile'));
    const { readable, runtimes } = this.#plan(partition.topic);
    this.#tasks.set(key, new PartitionTask(partition, readable, runtimes, start, this.#host));
    subscription.seek(this.#epoch, partition, start.position);
  }
}

function freshStart(position: number): Start {
  return { position, finished: new Map(), metadata: UNCOMMITTED };
}

/** Differs from every metadata that is written, so that the first position is committed. */
const UNCOMMITTED = '-';

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** `customer_pred [0 1], customer_seniors [1]` */
export function nameOf(partitions: readonly TopicPartition[]): string {
  return [...byTopic(partitions)].map(([topic, group]) => `${topic} [${group.map(({ partition }) => partition).join(' ')}]`).join(', ');
}

function byTopic(partitions: readonly TopicPartition[]): Map<string, TopicPartition[]> {
  const map = new Map<string, TopicPartition[]>();
  for (const partition of partitions) map.set(partition.topic, [...(map.get(partition.topic) ?? []), partition]);
  return map;
}
