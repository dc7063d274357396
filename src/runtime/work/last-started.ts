/** What is kept of an item that was started. */
export interface StartedItem {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly origin: { readonly offset: number | undefined; readonly key: Buffer | null };
}

/**
 * The item that was given to a behaviour last, for the watch of the event loop. Its key is a slice of the fetch that it came with, so
 * once that fetch has been taken to its end a copy stands for the item: else the last item of each partition keeps up to 4 MB
 * in memory until the next one comes, and the collector runs twice as often.
 */
export class LastStarted {
  #item: StartedItem | undefined;

  get item(): StartedItem | undefined {
    return this.#item;
  }

  note(item: StartedItem | undefined): void {
    this.#item = item;
  }

  release(): void {
    if (this.#item === undefined) return;
    const { startedAt, origin } = this.#item;
    this.#item = { startedAt, origin: { offset: origin.offset, key: origin.key && Buffer.from(origin.key) } };
  }
}
