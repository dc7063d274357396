import { type Connection, closeConnection, openConnection } from '../runtime/index.ts';
import { within } from '../timing/index.ts';

type ConnectionParts = Parameters<typeof openConnection>[0];

/** The one connection of an app, opened on first use. After a failure the next use opens it again. */
export class SharedConnection {
  readonly #parts: () => ConnectionParts;
  #connection: Promise<Connection> | undefined;

  /** @param parts asked for when it is opened, because settings may change until then */
  constructor(parts: () => ConnectionParts) {
    this.#parts = parts;
  }

  get(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const connection = openConnection(this.#parts());
    this.#connection = connection;
    connection.catch(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    return connection;
  }

  /**
   * Sends what still waits to be sent, within `flushMs`, and closes. A connection that is still being opened after `openMs` is
   * closed as soon as it is open.
   */
  async close(openMs: number, flushMs: number): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    const opened = await within(
      connection.catch(() => undefined),
      openMs,
    );
    if (opened !== undefined) return closeConnection(opened, flushMs);
    connection.then((late) => closeConnection(late, 0)).catch(() => {});
  }
}
