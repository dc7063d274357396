import { getLogger } from '@logtape/logtape';
import type { StreamerError } from '../../errors.ts';
import type { CommittedOffset, OutputRecord, TopicPartition } from '../../kafka/index.ts';
import { EXACT_LIMIT } from '../offsets/commit-metadata.ts';
import type { TaskState } from '../state/task-state.ts';
import { Input, type InputContext, type InputPlan } from './input.ts';
import type { InputStart } from './input-start.ts';
import { TaskPhase } from './phase.ts';

const log = getLogger(['streamer', 'worker']);
const HELD =
  '{topic}[{partition}]: what is finished beyond offset {offset} does not fit into {limit} bytes of metadata; the commit waits until that offset is finished';

/** What one moment says of one task: the part of a cut that is its own. */
export interface TaskCut {
  /** Of each input that has moved since its last commit: where it stands, and in the metadata what is finished beyond. */
  readonly offsets: readonly CommittedOffset[];
  /** What its tables have changed, to be written with the offsets. Empty for a task without tables. */
  readonly changelog: readonly OutputRecord[];
  /** Set for a task with tables: promote it when the cut is committed, drop it when the cut is given up. */
  readonly state?: TaskState | undefined;
  /**
   * Set when outputs of the cut's events are on their way: resolves when each is acknowledged, or its dead letter is. The cut is not
   * committed before. Rejects when the task is closed first.
   */
  readonly acknowledged?: Promise<void> | undefined;
}

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
  /** Its cut waits until its finished maps fit. */
  #isHeld = false;

  constructor(partition: number, inputs: readonly TaskInput[], context: TaskContext, state?: TaskState) {
    this.partition = partition;
    this.#restore = context.restore ?? (async () => {});
    this.state = state;
    this.inputs = inputs.map((input) => new Input(input.partition, input.plan, input.start, context, this));
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
    if (this.state !== undefined) return this.#cutState(this.state);
    const offsets = this.inputs.flatMap((input) => input.uncommitted() ?? []);
    return offsets.length === 0 ? undefined : { offsets, changelog: [] };
  }

  /** Positions, finished maps and entries of one turn. A cut that is not committed yet is committed first. */
  #cutState(state: TaskState): TaskCut | undefined {
    if (state.hasCut) return undefined;
    const numbers = state.nextNumbers;
    const offsets = this.inputs.flatMap((input) => input.uncommitted(numbers) ?? []);
    if (offsets.length === 0) return undefined;
    const tooLong = offsets.find(({ metadata }) => (metadata?.length ?? 0) > EXACT_LIMIT);
    if (tooLong !== undefined) return this.#hold(tooLong);
    this.#isHeld = false;
    const waits = this.inputs.flatMap((input) => input.acknowledged() ?? []);
    const acknowledged = waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    acknowledged?.catch(() => {});
    return { offsets, changelog: state.cut(), state, acknowledged };
  }

  /** The log is not a place for what repeats every second. */
  #hold({ topic, partition, offset }: CommittedOffset): undefined {
    if (!this.#isHeld) log.warning(HELD, { topic, partition, offset, limit: EXACT_LIMIT });
    this.#isHeld = true;
  }

  /** A cut of this task has been committed. */
  committed({ offsets }: TaskCut): void {
    for (const input of this.inputs) {
      const { topic, partition } = input.partition;
      const own = offsets.find((offset) => offset.topic === topic && offset.partition === partition);
      if (own !== undefined) input.committed(own);
    }
  }

  /** What its handlers do from now on has no effect. Returns the number of events that were in flight. */
  close(reason: StreamerError): number {
    if (this.phase.current === 'closed') return 0;
    this.phase.enter('closed');
    return this.inputs.reduce((sum, input) => sum + input.abandon(reason), 0);
  }
}
