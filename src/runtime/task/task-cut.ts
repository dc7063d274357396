import type { CommittedOffset, OutputRecord } from '../../kafka/index.ts';
import type { TaskState } from '../state/task-state.ts';

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
   * committed before: the task returns it again, without this, when that is so. Rejects when the task is closed first.
   */
  readonly acknowledged?: Promise<void> | undefined;
}
