import type { CommittedOffset } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { EXACT_LIMIT } from '../offsets/commit-metadata.ts';
import type { TaskState } from '../state/task-state.ts';
import type { Input } from './input.ts';
import type { TaskCut } from './task-cut.ts';

const log = libraryLog('worker');

/**
 * The cuts of a task with tables, one at a time: the next is taken when the last one is committed and promoted. A transaction that
 * was aborted is written again with the same cut.
 */
export class StateCuts {
  readonly #inputs: readonly Input[];
  readonly #state: TaskState;
  #cut: TaskCut | undefined;
  /** The metadata of the next cut would be too long. */
  #isHeld = false;

  constructor(inputs: readonly Input[], state: TaskState) {
    this.#inputs = inputs;
    this.#state = state;
  }

  /**
   * The cut that is not committed yet, once its outputs are acknowledged; else positions, finished maps and entries of this turn.
   * Undefined when there is nothing to commit.
   */
  next(): TaskCut | undefined {
    if (!this.#state.hasCut) return this.#take();
    return this.#cut?.acknowledged === undefined ? this.#cut : undefined;
  }

  /** The cut is committed, and remains to be promoted. */
  committed(): void {
    this.#cut = undefined;
  }

  /** The cut whose transaction got no answer, if the group has committed what it holds. */
  foundIn(committed: readonly CommittedOffset[]): TaskCut | undefined {
    const isThere = this.#cut?.offsets.every((own) => committed.some((other) => isSame(own, other)));
    return isThere === true ? this.#cut : undefined;
  }

  #take(): TaskCut | undefined {
    this.#cut = undefined;
    const numbers = this.#state.nextNumbers;
    const offsets = this.#inputs.flatMap((input) => input.uncommitted(numbers) ?? []);
    if (offsets.length === 0) return undefined;
    const tooLong = offsets.find(({ metadata }) => (metadata?.length ?? 0) > EXACT_LIMIT);
    if (tooLong !== undefined) return this.#hold(tooLong);
    this.#isHeld = false;
    const waits = this.#inputs.flatMap((input) => input.acknowledged() ?? []);
    const acknowledged = waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    const cut: TaskCut = { offsets, changelog: this.#state.cut(), state: this.#state, acknowledged };
    this.#cut = cut;
    acknowledged?.then(
      () => {
        if (this.#cut === cut) this.#cut = { ...cut, acknowledged: undefined };
      },
      () => {},
    );
    return cut;
  }

  /** The log is not a place for what repeats every second. */
  #hold({ topic, partition, offset }: CommittedOffset): undefined {
    if (!this.#isHeld)
      log.warning(
        '{topic}[{partition}]: what is finished beyond offset {offset} does not fit into {limit} bytes of metadata; the commit waits until that offset is finished',
        { topic, partition, offset, limit: EXACT_LIMIT },
      );
    this.#isHeld = true;
  }
}

function isSame(a: CommittedOffset, b: CommittedOffset): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.offset === b.offset && a.metadata === b.metadata;
}
