import type { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import type { TaskState } from '../state/task-state.ts';
import { Input, type InputContext, type InputPlan } from './input.ts';
import { type InputStart, UNCOMMITTED } from './input-start.ts';
import { TaskPhase } from './phase.ts';
import { StateCuts } from './state-cuts.ts';
import type { TaskCut } from './task-cut.ts';

/** Brings the state of a task up to date, before it runs. `signal` is aborted when the task is closed. */
export type Restore = (task: Task, signal: AbortSignal) => Promise<void>;

export interface TaskContext extends InputContext {
  /** @default nothing to restore */
  readonly restore?: Restore | undefined;
}

/** One input of a task that is to be made. */
export interface TaskInput {
  readonly partition: TopicPartition;
  readonly plan: InputPlan;
  readonly start: InputStart;
}

/**
 * A partition number of a co-partitioned group of topics: it owns the inputs of that number, and lives from the assignment that
 * brings it to the one that takes it away.
 */
export class Task {
  readonly partition: number;
  readonly inputs: readonly Input[];
  readonly phase = new TaskPhase();
  /** The shards of its tables; undefined for a task without tables. */
  readonly state: TaskState | undefined;
  readonly #restore: Restore;
  #runs = 0;
  readonly #cuts: StateCuts | undefined;
  /** What its tables hold is not what is committed until then. */
  #isRestored = false;

  constructor(partition: number, inputs: readonly TaskInput[], context: TaskContext, state?: TaskState) {
    this.partition = partition;
    this.#restore = context.restore ?? (async () => {});
    this.state = state;
    this.inputs = inputs.map((input) => new Input(input.partition, input.plan, input.start, context, this));
    this.#cuts = state === undefined ? undefined : new StateCuts(this.inputs, state);
  }

  /** True once its tables hold what is committed. */
  get isRestored(): boolean {
    return this.#isRestored;
  }

  /** Events that handlers have in their hands. */
  get inFlight(): number {
    return this.inputs.reduce((sum, input) => sum + input.inFlight, 0);
  }

  /** Restores its state, then lets its inputs go on. Its inputs are paused when this returns. */
  async run(): Promise<void> {
    const run = ++this.#runs;
    this.phase.enter('restoring');
    for (const input of this.inputs) input.hold();
    await this.#restore(this, this.phase.closed);
    if (this.phase.current !== 'closed') this.#isRestored = true;
    // Another assignment may have begun meanwhile, or the task has been closed.
    if (run !== this.#runs || this.phase.current !== 'restoring') return;
    this.phase.enter('running');
    for (const input of this.inputs) input.open();
  }

  /** Starts no event any more. Resolves when none is in flight, or the task is closed. */
  async drain(): Promise<void> {
    if (this.phase.current === 'restoring' || this.phase.current === 'running') {
      this.phase.enter('draining');
      for (const input of this.inputs) input.drain();
      this.progressed();
    }
    await this.phase.reached('suspended', 'closed');
  }

  progressed(): void {
    if (this.phase.current !== 'draining' || this.inFlight > 0) return;
    this.phase.enter('suspended');
    for (const input of this.inputs) input.hold();
  }

  /** What is finished at this moment; undefined when all of it is committed. */
  cut(): TaskCut | undefined {
    if (this.#cuts !== undefined) return this.#isRestored ? this.#cuts.next() : undefined;
    const offsets = this.inputs.flatMap((input) => input.uncommitted() ?? []);
    return offsets.length === 0 ? undefined : { offsets, changelog: [] };
  }

  /** A cut of this task has been committed. */
  committed({ offsets }: TaskCut): void {
    for (const input of this.inputs) {
      const { topic, partition } = input.partition;
      const own = offsets.find((offset) => offset.topic === topic && offset.partition === partition);
      if (own !== undefined) input.committed(own);
    }
    this.#cuts?.committed();
  }

  /**
   * Returns true if it can go on from what the group has committed, in the next epoch that it is assigned in: nobody else has been
   * further. With tables that means that the commit is its own last one. A cut whose transaction got no answer is decided by it.
   *
   * @param starts of its inputs, in any order
   */
  goesOnFrom(starts: readonly (TopicPartition & InputStart)[]): boolean {
    if (this.state === undefined) return this.inputs.every((input) => input.position >= startOf(input, starts).position);
    const committed = starts.map(({ topic, partition, position, metadata }) => ({ topic, partition, offset: position, metadata }));
    const found = this.#cuts?.foundIn(committed);
    if (found !== undefined) {
      this.committed(found);
      void this.state.promote();
    }
    return this.inputs.every((input) => input.isCommitted(startOf(input, starts)));
  }

  /** What its handlers do from now on has no effect. Returns the number of events that were in flight. */
  close(reason: StreamerError): number {
    if (this.phase.current === 'closed') return 0;
    this.phase.enter('closed');
    return this.inputs.reduce((sum, input) => sum + input.abandon(reason), 0);
  }
}

function startOf({ partition }: Input, starts: readonly (TopicPartition & InputStart)[]): InputStart {
  const start = starts.find((one) => one.topic === partition.topic && one.partition === partition.partition);
  return start ?? NO_START;
}

/** Not a place that anything goes on from. */
const NO_START: InputStart = { position: Number.POSITIVE_INFINITY, finished: new Map(), metadata: UNCOMMITTED };
