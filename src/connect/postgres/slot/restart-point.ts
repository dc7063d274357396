import { parseLsn } from '../pgoutput/lsn.ts';
import type { Database } from '../server/database.ts';
import { isStatementError } from '../server/server-error.ts';
import { literal } from '../server/sql.ts';

/** Size of the log behind the slot's restart point, which each look decodes again, at which a nearer restart point is requested. */
const FAR_BYTES = 1024n * 1024n;
const APART_MS = 1000;
/** Creating a slot waits for open transactions; the note is written before that. */
const PATIENCE_MS = 50;

/**
 * Moves the place from which the server decodes. That is where it last noted the running transactions (`restart_lsn`), which it does
 * every 15 s: after many changes each look would decode all of them again until then. This makes the server write a note at once.
 */
export class RestartPoint {
  readonly #database: Database;
  readonly #slot: string;
  #at: bigint;
  #askedAt = 0;
  #canLog: boolean | undefined;

  /** @param at `restart_lsn` */
  constructor(database: Database, slot: string, at: bigint) {
    this.#database = database;
    this.#slot = slot;
    this.#at = at;
  }

  /**
   * Takes the position to which the slot was moved.
   *
   * @returns the position of the server's note, which becomes the restart point once the slot is moved past it; undefined when none was needed
   */
  async follow(moved: bigint): Promise<bigint | undefined> {
    if (moved - this.#at < FAR_BYTES || Date.now() - this.#askedAt < APART_MS) return undefined;
    this.#at = moved;
    this.#askedAt = Date.now();
    this.#canLog ??=
      (await this.#database.value(`select has_function_privilege(to_regprocedure('pg_log_standby_snapshot()'), 'execute')`)) === 't';
    if (this.#canLog) await this.#database.rows('select pg_log_standby_snapshot()');
    else await this.#shortSlot();
    return parseLsn(await this.#database.required('select pg_current_wal_insert_lsn()'));
  }

  /** PostgreSQL 16 has a function for it that not every role may call. Creating a slot does it in every version, if a slot is free. */
  async #shortSlot(): Promise<void> {
    const name = literal(`${this.#slot}_note`);
    try {
      await this.#database.rows(`set statement_timeout = ${PATIENCE_MS}`);
      await this.#database.rows(
        `select pg_drop_replication_slot(slot_name) from pg_create_logical_replication_slot(${name}, 'pgoutput', true)`,
      );
    } catch (error) {
      if (!isStatementError(error)) throw error;
    } finally {
      await this.#database.rows('set statement_timeout = 0');
    }
  }
}
