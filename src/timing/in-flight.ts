/** What is on its way. */
export interface InFlightLoad {
  readonly count: number;
  /** Sum of the sizes that were given. */
  readonly size: number;
  readonly succeeded: number;
}

/** Sends that are on their way: holds the sender back while there is no room for more, and keeps the first error. */
export class InFlightWindow implements InFlightLoad {
  count = 0;
  size = 0;
  succeeded = 0;
  /** The first one. */
  failure: { readonly error: unknown } | undefined;
  readonly #hasRoom: (load: InFlightLoad) => boolean;
  #waiting: Array<() => void> = [];

  /** @param hasRoom returns true while another send may begin */
  constructor(hasRoom: (load: InFlightLoad) => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Resolves when there is room for more. Never rejects: see `failure`. */
  add(sending: Promise<unknown>, size = 0): Promise<void> {
    this.count++;
    this.size += size;
    sending.then(
      () => this.#ended(size, undefined),
      (error: unknown) => this.#ended(size, { error }),
    );
    return this.#until(() => this.#hasRoom(this));
  }

  /** Resolves when none is left. */
  settled(): Promise<void> {
    return this.#until(() => this.count === 0);
  }

  /** Resolves when none is left, or one has failed. */
  settledOrFailed(): Promise<void> {
    return this.#until(() => this.count === 0 || this.failure !== undefined);
  }

  #ended(size: number, failure: { readonly error: unknown } | undefined): void {
    this.count--;
    this.size -= size;
    if (failure === undefined) this.succeeded++;
    else this.failure ??= failure;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
