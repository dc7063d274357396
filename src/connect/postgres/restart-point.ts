import type { Database } from './database.ts';
import { literal } from './database.ts';
import { parseLsn } from './pgoutput/lsn.ts';

/** Log that every look has the server decode again, from which on it is asked for a nearer place to begin at. */
const FAR_BYTES = 1024n * 1024n;
const APART_MS = 1000;
/** A slot waits for the transactions that are open; the note that is wanted was written before. */
const PATIENCE_MS = 50;

/**
 * A look begins where the server last noted which transactions were running (`restart_lsn`), and that happens every 15 s: behind many
 * changes each look would decode them all again until then. Here the server is asked to note it at once.
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
   * To be called with the place that the slot was moved to.
   *
   * @returns where the server's note stands; the slot begins there once it is moved beyond. Absent when none was needed
   */
  async follow(moved: bigint): Promise<bigint | undefined> {
    if (moved - this.#at < FAR_BYTES || Date.now() - this.#askedAt < APART_MS) return undefined;
    this.#at = moved;
    this.#askedAt = Date.now();
    this.#canLog ??=
      (await this.#database.value(`select has_function_privilege(to_regprocedure('pg_log_standby_snapshot()'), 'execute')`)) === 't';
    if (this.#canLog) await this.#database.rows('select pg_log_standby_snapshot()');
    else await this.#shortSlot();
    return parseLsn((await this.#database.value('select pg_current_wal_insert_lsn()'))!);
  }

  /** PostgreSQL 16 has a function for it, which not every role may call; the making of a slot does it everywhere, if one is free. */
  async #shortSlot(): Promise<void> {
    const name = literal(`${this.#slot}_note`);
    try {
      await this.#database.rows(`set statement_timeout = ${PATIENCE_MS}`);
      await this.#database.rows(
        `select pg_drop_replication_slot(slot_name) from pg_create_logical_replication_slot(${name}, 'pgoutput', true)`,
      );
    } catch (error) {
      if ((error as { severity?: string }).severity !== 'ERROR') throw error;
    } finally {
      await this.#database.rows('set statement_timeout = 0');
    }
  }
}
