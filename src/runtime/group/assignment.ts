import { StreamerError } from '../../errors.ts';
import { partitionKey, type Subscription, type TopicPartition } from '../../kafka/index.ts';
import type { DeclaredTable } from '../../tables/index.ts';
import { TaskState } from '../state/task-state.ts';
import type { Input, InputPlan } from '../task/input.ts';
import type { InputStart } from '../task/input-start.ts';
import { Task, type TaskContext, type TaskInput } from '../task/task.ts';

/** What the app has declared about topics. */
export interface Plan {
  /** @throws StreamerError when no agent reads the topic */
  input(topic: string): InputPlan;
  /** The topics that are co-partitioned with this one, itself included, in order. */
  groupOf(topic: string): readonly string[];
  /** Tables that are written by agents of these topics. */
  tablesOf(topics: readonly string[]): readonly DeclaredTable[];
}

/** A partition that has been assigned, and where it would start. */
export interface AssignedPartition {
  readonly partition: TopicPartition;
  readonly start: InputStart;
}

/**
 * The tasks of the current epoch. A task whose partitions consecutive epochs assign to this worker is kept: nothing is redone, and
 * reading goes on where its buffers end.
 */
export class Assignment {
  readonly #subscription: Subscription;
  readonly #plan: Plan;
  readonly #context: TaskContext;
  readonly #failed: (cause: unknown) => void;
  readonly #tasks = new Map<string, Task>();
  readonly #inputs = new Map<string, { readonly input: Input; readonly id: string }>();
  #epoch = -1;

  /** @param failed gets the failure of a task to restore its state */
  constructor(subscription: Subscription, plan: Plan, context: TaskContext, failed: (cause: unknown) => void) {
    this.#subscription = subscription;
    this.#plan = plan;
    this.#context = context;
    this.#failed = failed;
  }

  /** -1 while nothing is assigned. */
  get epoch(): number {
    return this.#epoch;
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  input(partition: TopicPartition): Input | undefined {
    return this.#inputs.get(partitionKey(partition))?.input;
  }

  /** Closes the tasks that an assignment takes away: their partitions may be with another worker from now on. */
  retain(partitions: readonly TopicPartition[]): void {
    const kept = new Set(partitions.map(partitionKey));
    for (const [id, { inputs }] of this.#tasks) {
      if (inputs.every(({ partition }) => kept.has(partitionKey(partition)))) continue;
      this.#close(id, new StreamerError('LOST', 'the partition belongs to another worker now'));
    }
  }

  /** Makes tasks for what is new, keeps those that are there, sets every position, and starts all. */
  assign(epoch: number, partitions: readonly AssignedPartition[]): void {
    const groups = this.#byTask(partitions);
    this.retain(partitions.map(({ partition }) => partition));
    this.#epoch = epoch;
    for (const [id, group] of groups) this.#place(id, group);
  }

  /** Has a task begin again, one of its inputs at another place: the log no longer holds what would be read next. */
  restart(partition: TopicPartition, start: InputStart): void {
    const id = this.#inputs.get(partitionKey(partition))?.id;
    const task = id === undefined ? undefined : this.#tasks.get(id);
    if (id === undefined || task === undefined) return;
    const inputs = task.inputs.map((input) => ({
      partition: input.partition,
      start: partitionKey(input.partition) === partitionKey(partition) ? start : input.restart(),
    }));
    this.#close(id, new StreamerError('LOST', 'the log was cut, or the topic was recreated'));
    this.#place(id, inputs);
  }

  /** Starts no event any more; resolves when none is in flight. */
  async drain(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.drain()));
  }

  /** Ends an epoch: tasks that are not drained are closed. Returns the number of events that were in flight. */
  endEpoch(epoch: number): number {
    if (epoch !== this.#epoch) return 0;
    let abandoned = 0;
    for (const [id, task] of this.#tasks) {
      if (task.phase.current !== 'suspended')
        abandoned += this.#close(id, new StreamerError('LOST', 'the partition was given up before the event was finished'));
    }
    return abandoned;
  }

  /** Closes all tasks. Returns the number of events that were in flight. */
  close(reason: StreamerError): number {
    let abandoned = 0;
    for (const id of this.#tasks.keys()) abandoned += this.#close(id, reason);
    this.#epoch = -1;
    return abandoned;
  }

  #byTask(partitions: readonly AssignedPartition[]): Map<string, AssignedPartition[]> {
    const groups = new Map<string, AssignedPartition[]>();
    for (const assigned of partitions) {
      const { topic, partition } = assigned.partition;
      const id = `${this.#plan.groupOf(topic).join(' ')}/${partition}`;
      groups.set(id, [...(groups.get(id) ?? []), assigned]);
    }
    for (const group of groups.values()) this.#checkWhole(group);
    return groups;
  }

  #checkWhole(group: readonly AssignedPartition[]): void {
    const first = group[0]?.partition;
    if (first === undefined) return;
    const missing = this.#plan.groupOf(first.topic).filter((topic) => !group.some(({ partition }) => partition.topic === topic));
    if (missing.length === 0) return;
    const problem = `the partition was assigned without that of ${missing.join(', ')}, which is read together with it`;
    const next = 'Topics that are read together need the same number of partitions, and workers that read all of them.';
    throw new StreamerError('REFUSED', problem, { ...first, next });
  }

  #place(id: string, group: readonly AssignedPartition[]): void {
    const kept = this.#tasks.get(id);
    if (kept?.goesOnFrom(group.map(({ partition, start }) => ({ ...start, ...partition })))) {
      this.#run(kept);
      return;
    }
    // Another worker has been further meanwhile: what this task knows is out of date.
    if (kept !== undefined) this.#close(id, new StreamerError('LOST', 'the partition was with another worker meanwhile'));
    const inputs: TaskInput[] = group.map(({ partition, start }) => ({ partition, start, plan: this.#plan.input(partition.topic) }));
    const partition = group[0]?.partition.partition ?? -1;
    const task = new Task(partition, inputs, this.#context, this.#stateOf(group, partition));
    this.#tasks.set(id, task);
    for (const input of task.inputs) this.#inputs.set(partitionKey(input.partition), { input, id });
    this.#run(task);
  }

  #stateOf(group: readonly AssignedPartition[], partition: number): TaskState | undefined {
    const tables = this.#plan.tablesOf(group.map((assigned) => assigned.partition.topic));
    return tables.length === 0 ? undefined : new TaskState(tables, partition);
  }

  /** Positions are set while the inputs are paused. */
  #run(task: Task): void {
    const running = task.run();
    for (const input of task.inputs) this.#subscription.seek(this.#epoch, input.partition, input.end);
    running.catch((cause: unknown) => {
      if (task.phase.current !== 'closed') this.#failed(cause);
    });
  }

  #close(id: string, reason: StreamerError): number {
    const task = this.#tasks.get(id);
    if (task === undefined) return 0;
    this.#tasks.delete(id);
    for (const input of task.inputs) this.#inputs.delete(partitionKey(input.partition));
    return task.close(reason);
  }
}
