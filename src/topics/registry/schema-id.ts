// Records that wait for the id must not be overtaken by one that finds it known: the id counts as known one turn after the last
// record that waited.

/**
 * The id that one topic's records are written with: asked for once. While it is not known, writers wait; those that come
 * meanwhile go behind them, or keys would change places.
 */
export class SchemaId {
  readonly #ask: () => Promise<number>;
  #asking: Promise<number> | undefined;
  #known: number | undefined;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** Set when it may be used without waiting. */
  get known(): number | undefined {
    return this.#known;
  }

  /** Asks for it, unless somebody has. A failure is told to all who wait; the next one asks anew. */
  get(): Promise<number> {
    this.#asking ??= this.#ask().then(
      (id) => {
        // A turn later: whoever waited is a few promises away from sending.
        setImmediate(() => {
          this.#known = id;
        });
        return id;
      },
      (error: unknown) => {
        this.#asking = undefined;
        throw error;
      },
    );
    return this.#asking;
  }
}
