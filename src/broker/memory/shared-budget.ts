/** One connection, as far as a budget knows it. */
export interface Holder {
  /** Ends it, so that what it holds is free. */
  giveWay(reason: string): void;
}

/**
 * Bytes that all connections may hold together. When they hold more, the one that holds most is closed: so a few hostile
 * clients cannot take the memory of the broker, and well-behaved ones, which hold little, do not notice.
 */
export class SharedBudget {
  readonly #what: string;
  readonly #setting: string;
  readonly #limitBytes: number;
  readonly #holders = new Map<Holder, number>();
  #totalBytes = 0;

  /** @param what is held, for log lines. @param setting the option that sets the limit */
  constructor(what: string, setting: string, limitBytes: number) {
    this.#what = what;
    this.#setting = setting;
    this.#limitBytes = limitBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#limitBytes - this.#totalBytes);
  }

  /** @param bytes that the holder holds now */
  hold(holder: Holder, bytes: number): void {
    this.#totalBytes += bytes - (this.#holders.get(holder) ?? 0);
    if (bytes > 0) this.#holders.set(holder, bytes);
    else this.#holders.delete(holder);
    while (this.#totalBytes > this.#limitBytes) this.#endLargest();
  }

  release(holder: Holder): void {
    this.hold(holder, 0);
  }

  #endLargest(): void {
    let largest: readonly [holder: Holder, bytes: number] | undefined;
    for (const entry of this.#holders) if (largest === undefined || entry[1] > largest[1]) largest = entry;
    if (largest === undefined) return;
    const [holder, bytes] = largest;
    this.#holders.delete(holder);
    this.#totalBytes -= bytes;
    holder.giveWay(
      `${this.#what} of all connections exceed ${this.#limitBytes} bytes (${this.#setting}), and this one holds most of them: ${bytes}`,
    );
  }
}
