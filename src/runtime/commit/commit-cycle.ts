import type { Task } from '../task/task.ts';
import type { TaskCut } from '../task/task-cut.ts';

/**
 * What all tasks have finished at one moment. Events that finish later belong to the next cut, however long this one takes to
 * be committed.
 */
export interface Cut {
  /** The assignment that it belongs to: it cannot be committed under another. */
  readonly epoch: number;
  readonly tasks: ReadonlyMap<Task, TaskCut>;
}

/**
 * How what has finished is committed. `Committer` drives it: `begin` at each assignment, then again and again `cut`, and either
 * `commit` or, when the cut cannot be committed, `abort`. One cut at a time: the next is taken when this one has ended.
 */
export interface CommitCycle {
  /** An assignment has been taken over: the cuts that follow belong to its epoch. */
  begin(epoch: number): void;
  /**
   * Decides what is finished, in one turn for all tasks, so that positions, finished maps and changelogs say the same. Does
   * not write anything. Returns undefined when there is nothing that is not committed already.
   */
  cut(tasks: Iterable<Task>): Cut | undefined;
  /**
   * Waits until the outputs of the cut's events are acknowledged, then writes the cut as a whole and tells its tasks. Rejects
   * with a `KafkaError`, and what happens next depends on its reason:
   * - `retry`: nothing is known to be wrong with the cut. `commit` may be called again with it, and if that keeps failing, `abort`.
   * - `stale`: the epoch is over, and its partitions belong to somebody else. `abort` follows.
   * - any other: the worker ends. `abort` follows.
   */
  commit(cut: Cut): Promise<void>;
  /** Gives the cut up. What it held is either finished still, and part of the next cut, or will be done again. Never rejects. */
  abort(cut: Cut): Promise<void>;
}
