import { asKafkaError, type KafkaError } from '../../errors.ts';
import type { CommittedOffset } from '../../kafka/index.ts';
import { type Clock, sleep, type Timer } from '../../timing/index.ts';
import type { Tell } from '../events/worker-events.ts';
import type { Task } from '../task/task.ts';
import type { CommitCycle, Cut } from './commit-cycle.ts';

/** Commits of one cut, before what it holds is left to the next cut. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;
/** Cuts that the end of an epoch commits: what was kept back, and what came after it. */
const ROUNDS = 5;

export interface CommitterParts {
  readonly cycle: CommitCycle;
  readonly intervalMs: number;
  /** The tasks that a cut is taken of. */
  readonly tasks: () => Iterable<Task>;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Gets every failed attempt; `isFatal` for one after which the worker cannot go on. */
  readonly failed: (error: KafkaError, isFatal: boolean) => void;
}

/** Drives a commit cycle by the clock, one cut at a time. */
export class Committer {
  readonly #parts: CommitterParts;
  #timer: Timer | undefined;
  #isStarted = false;
  #running: Promise<boolean> = Promise.resolve(true);
  #underWay: CommittedOffset | undefined;
  #hadCut = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isStarted = true;
    this.#schedule();
  }

  /** No more commits by the clock. */
  stop(): void {
    this.#isStarted = false;
    this.#timer?.cancel();
  }

  /** The first offset of the cut that is being committed. */
  get underWay(): CommittedOffset | undefined {
    return this.#underWay;
  }

  /** An assignment has been taken over: commits from now on belong to it, and its first positions are committed at once. */
  begin(epoch: number): void {
    this.#parts.cycle.begin(epoch);
    void this.commit();
  }

  /** Commits what is finished when the commits before this one have ended. Returns true if all of it is committed. Never rejects. */
  commit(): Promise<boolean> {
    this.#running = this.#running
      .then(() => this.#cycle())
      .finally(() => {
        this.#underWay = undefined;
      });
    return this.#running;
  }

  /** As `commit`, until there is nothing left that can be committed: a cut that was kept back comes before what has finished since. */
  async commitAll(): Promise<boolean> {
    for (let round = 1; round <= ROUNDS; round++) {
      if (!(await this.commit())) return false;
      if (!this.#hadCut) return true;
    }
    return false;
  }

  #schedule(): void {
    const { clock, intervalMs } = this.#parts;
    this.#timer = clock.after(intervalMs, async () => {
      await this.commit();
      if (this.#isStarted) this.#schedule();
    });
  }

  async #cycle(): Promise<boolean> {
    const { cycle, tasks, tell } = this.#parts;
    const cut = cycle.cut(tasks());
    this.#hadCut = cut !== undefined;
    if (cut === undefined) return true;
    const offsets = [...cut.tasks.values()].flatMap((each) => each.offsets);
    this.#underWay = offsets[0];
    const isCommitted = await this.#isCommitted(cut);
    if (isCommitted) tell('committed', { offsets });
    else await cycle.abort(cut);
    return isCommitted;
  }

  async #isCommitted(cut: Cut): Promise<boolean> {
    const { clock, cycle, failed } = this.#parts;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await cycle.commit(cut);
        return true;
      } catch (cause) {
        const error = asKafkaError(cause, 'commit failed');
        if (error.reason === 'stale') return false;
        failed(error, error.reason !== 'retry');
        if (error.reason !== 'retry') return false;
        await sleep(PAUSE_MS * attempt, undefined, clock);
      }
    }
    return false;
  }
}
