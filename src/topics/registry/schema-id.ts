// Records that wait for the id must not be overtaken by one that finds it known: the id counts as known one turn after the last
// record that waited.

/**
 * The id that one topic's records are written with. It is asked for once. Until it is known, writers wait in their order, or
 * records of a key would change places.
 */
export class SchemaId {
  readonly #ask: () => Promise<number>;
  #asking: Promise<number> | undefined;
  #known: number | undefined;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** Defined once it may be used without waiting. */
  get known(): number | undefined {
    return this.#known;
  }

  /** Asks for it once. A failure rejects all callers that wait; the next caller asks again. */
  get(): Promise<number> {
    this.#asking ??= this.#ask().then(
      (id) => {
        // A turn later: callers that waited are a few promises away from sending.
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
