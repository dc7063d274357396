/** A wait with a time limit that can be woken any number of times, and ends when its signal is aborted. */
export class Wait {
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  #isOver = false;
  #isWoken = false;
  #resume: (() => void) | undefined;

  constructor(limitMs: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#isOver = signal.aborted;
    this.#timer = setTimeout(this.#stop, limitMs);
    signal.addEventListener('abort', this.#stop);
  }

  readonly wake = (): void => {
    this.#isWoken = true;
    this.#resume?.();
  };

  /** @returns whether it was woken; false when the time is up */
  async next(): Promise<boolean> {
    if (!this.#isWoken && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    this.#resume = undefined;
    const isWoken = this.#isWoken && !this.#isOver;
    this.#isWoken = false;
    return isWoken;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => {
    this.#isOver = true;
    this.#resume?.();
  };
}
