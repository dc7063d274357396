/**
 * The id that one topic's records are written with: asked for once. While it is not known, writers wait; those that come
 * meanwhile go behind them, or keys would change places.
 */
export class SchemaId {
  readonly #ask: () => Promise<number>;
  #asking: Promise<number> | undefined;
  #id: number | undefined;
  /** Writers whose promise is not through. */
  #behind = 0;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** Set when it may be used without waiting. */
  get known(): number | undefined {
    return this.#behind === 0 ? this.#id : undefined;
  }

  /** Asks for it, unless it is known. A failure is told to all who wait; the next one asks anew. */
  get(): Promise<number> {
    if (this.#id !== undefined) return Promise.resolve(this.#id);
    this.#asking ??= this.#ask().then(
      (id) => {
        this.#id = id;
        return id;
      },
      (error: unknown) => {
        this.#asking = undefined;
        throw error;
      },
    );
    return this.#asking;
  }

  /** Writes when the id is there, in the order of the calls. */
  write(write: (id: number) => Buffer | Promise<Buffer>): Promise<Buffer> {
    this.#behind++;
    const written = this.get().then(write);
    // Not before whoever waits for this one has gone on, a few promises later.
    const done = () => void setImmediate(() => this.#behind--);
    written.then(done, done);
    return written;
  }
}
