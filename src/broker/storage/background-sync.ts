interface Synced {
  sync(): Promise<void>;
}

/** Syncs the journal and what was written since, by the clock: what a power cut can take is bounded by it. */
export class BackgroundSync {
  readonly #journal: Synced;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #touched = new Set<Synced>();
  #running: Promise<void> | undefined;

  constructor(journal: Synced, everyMs: number, onFailure: (error: unknown) => void) {
    this.#journal = journal;
    this.#onFailure = onFailure;
    this.#timer = setInterval(() => void this.tick(), everyMs);
    this.#timer.unref();
  }

  touch(log: Synced): void {
    this.#touched.add(log);
  }

  /** A round, unless one is under way. */
  tick(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** The journal first: records of a topic that it does not know would be of no use. */
  async #round(): Promise<void> {
    await this.#journal.sync().catch(this.#onFailure);
    const logs = this.#touched;
    this.#touched = new Set();
    for (const log of logs) {
      try {
        await log.sync();
      } catch (error) {
        this.#touched.add(log);
        this.#onFailure(error);
      }
    }
  }
}
