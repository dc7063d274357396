/** What becomes of an attempt; each is called once, and only while the item is this worker's. */
export interface AttemptOutcomes<T> {
  /** False when the item no longer belongs to this worker: nothing that is acknowledged later counts. */
  readonly isCurrent: boolean;
  /** The item has finished with what it has written to tables when it is handled: a failure before that is the handler's. */
  readonly isStateful: boolean;
  /** The handler and the sink functions have finished; `isLast`: no output is on its way. */
  handled(item: T, isLast: boolean): void;
  /** Handled, and every output is acknowledged. */
  settled(item: T): void;
  /** The handler failed, or (`isHandled`) one of its outputs was refused. */
  failed(item: T, error: unknown, isHandled: boolean): void;
  /** The handler gave the item back, not handled. */
  released(item: T): void;
}

/**
 * One attempt at an item: counts the outputs that it waits for. The handler says `done`, `fail` or `release` once; then the
 * outputs are awaited, and the outcome is reported. A call that comes after that has no effect. Late calls are normal: a handler
 * that timed out still runs, beside the next attempt.
 *
 * The promise of a sink function is work, not an output: the item stays held until it has ended, or the next of its key would
 * start before it.
 */
export class Attempt<T> {
  readonly #item: T;
  readonly #outcomes: AttemptOutcomes<T>;
  #state: 'held' | 'handled' | 'failed' = 'held';
  /** The handler has said that it is done. */
  #isDone = false;
  #isOpen = true;
  /** Outputs that are not acknowledged, and sink functions at work. */
  #pending = 0;
  #error: unknown;
  /** Sink functions at work. */
  #working = 0;
  #workError: unknown;
  /** Outputs that are not encoded yet, or have no partition. */
  #unplaced = 0;

  constructor(item: T, outcomes: AttemptOutcomes<T>) {
    this.#item = item;
    this.#outcomes = outcomes;
  }

  /** The handler, or a sink function of an output, has not ended. */
  get isHeld(): boolean {
    return this.#state === 'held';
  }

  /** The handler has said nothing yet. */
  get isWithHandler(): boolean {
    return this.#state === 'held' && !this.#isDone;
  }

  output(): (error?: unknown) => void {
    if (!this.#isOpen) return ignore;
    this.#pending++;
    return (error) => this.#acknowledged(error);
  }

  work(): (error?: unknown) => void {
    if (!this.#isOpen) return ignore;
    const end = this.output();
    this.#working++;
    return (error) => {
      if (!this.#isOpen) return;
      this.#working--;
      if (error !== undefined) this.#workError ??= error;
      this.#letGo();
      end();
    };
  }

  /** The item stays held until this has settled. */
  placing(until: Promise<unknown>): void {
    if (!this.#isOpen) return;
    this.#unplaced++;
    const placed = (): void => {
      this.#unplaced--;
      if (this.#isOpen) this.#letGo();
    };
    until.then(placed, placed);
  }

  done(): void {
    if (!this.isWithHandler) return;
    this.#isDone = true;
    this.#letGo();
  }

  fail(error: unknown): void {
    if (!this.isWithHandler) return;
    this.#state = 'failed';
    this.#error = error;
    if (this.#pending === 0) this.#settle();
  }

  release(): void {
    if (!this.isWithHandler) return;
    this.#isOpen = false;
    this.#outcomes.released(this.#item);
  }

  /** Once handler and sink functions have finished, the next item of the unit may start, though outputs may still be on their way. */
  #letGo(): void {
    if (!this.#isDone || this.#state !== 'held' || this.#working > 0 || this.#unplaced > 0) return;
    const error = this.#workError ?? (this.#outcomes.isStateful ? this.#error : undefined);
    if (error === undefined) {
      this.#state = 'handled';
      this.#outcomes.handled(this.#item, this.#pending === 0);
    } else {
      this.#state = 'failed';
      this.#error = error;
    }
    if (this.#pending === 0) this.#settle();
  }

  #acknowledged(error: unknown): void {
    if (!this.#isOpen) return;
    this.#pending--;
    if (error !== undefined) this.#error ??= error;
    if (this.#pending === 0 && this.#state !== 'held') this.#settle();
  }

  #settle(): void {
    this.#isOpen = false;
    if (!this.#outcomes.isCurrent) return;
    if (this.#state === 'failed') this.#outcomes.failed(this.#item, this.#error, false);
    else if (this.#error !== undefined) this.#outcomes.failed(this.#item, this.#error, true);
    else this.#outcomes.settled(this.#item);
  }
}

function ignore(): void {}
