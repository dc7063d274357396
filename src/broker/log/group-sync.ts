/** Lets all who wait share a sync: one is under way, and one more stands for everybody who came since it began. */
export class GroupSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Settles with a sync that began after the call. */
  request(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#queued ??= this.#startAfter(this.#running);
    return this.#queued;
  }

  async #startAfter(earlier: Promise<void>): Promise<void> {
    await earlier.catch(() => {});
    this.#queued = undefined;
    await this.#start();
  }

  #start(): Promise<void> {
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
