import { KafkaError } from '../../errors.ts';
import type { Subscription } from '../../kafka/index.ts';
import type { Task } from '../task/task.ts';
import type { TaskCut } from '../task/task-cut.ts';
import type { CommitCycle, Cut } from './commit-cycle.ts';

/**
 * Commits offsets alone. An event counts as finished only when its outputs are acknowledged, so the outputs of a cut need not be
 * awaited again. After a crash, events between the last commit and the crash are done again, and their outputs repeat.
 */
export class AtLeastOnce implements CommitCycle {
  readonly #subscription: Subscription;
  #epoch = -1;

  constructor(subscription: Subscription) {
    this.#subscription = subscription;
  }

  begin(epoch: number): void {
    this.#epoch = epoch;
  }

  cut(tasks: Iterable<Task>): Cut | undefined {
    const cuts = new Map<Task, TaskCut>();
    for (const task of tasks) {
      const cut = task.cut();
      if (cut !== undefined) cuts.set(task, cut);
    }
    return cuts.size === 0 ? undefined : { epoch: this.#epoch, tasks: cuts };
  }

  async commit({ epoch, tasks }: Cut): Promise<void> {
    const cuts = [...tasks.values()];
    if (cuts.some(({ changelog }) => changelog.length > 0))
      throw new KafkaError('fatal', 'changelog records can only be committed in a transaction, together with the offsets');
    await this.#subscription.commit(
      epoch,
      cuts.flatMap(({ offsets }) => offsets),
    );
    for (const [task, cut] of tasks) task.committed(cut);
  }

  /** What the cut held stays finished in its tasks: the next cut has it again. */
  async abort(): Promise<void> {}
}
