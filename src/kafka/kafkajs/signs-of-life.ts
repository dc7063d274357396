const CHECK_MS = 5_000;

/** Notices when a consumer has shown no sign of life for too long: kafkajs can stop without a crash. */
export class SignsOfLife {
  readonly #limitMs: number;
  readonly #checkMs: number;
  readonly #silent: (ms: number) => void;
  #last = Date.now();
  #answered = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param stallTimeoutMs the silence that is too long
   * @param joinMs how long a join may be silent beside: as long as the group waits for its members
   */
  constructor(stallTimeoutMs: number, joinMs: number, silent: (ms: number) => void) {
    this.#limitMs = stallTimeoutMs + joinMs;
    this.#checkMs = Math.min(CHECK_MS, stallTimeoutMs);
    this.#silent = silent;
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), this.#checkMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  sign(): void {
    this.#last = Date.now();
  }

  /** A broker has answered: also a sign of life. */
  answered(): void {
    this.#answered = Date.now();
    this.#last = this.#answered;
  }

  /** Epoch milliseconds of the last answer, 0 before the first. */
  get answeredAt(): number {
    return this.#answered;
  }

  #check(): void {
    const silentMs = Date.now() - this.#last;
    if (silentMs >= this.#limitMs) this.#silent(silentMs);
  }
}
