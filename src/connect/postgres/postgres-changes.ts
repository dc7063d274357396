import type { TopicSpec } from '../../kafka/index.ts';
import type { Source, SourceContext } from '../source.ts';
import { Capture } from './capture.ts';
import { type CaptureMemory, nothingYet } from './continuity.ts';
import { topicName } from './events/topic-name.ts';
import type { PostgresChangesOptions } from './options.ts';
import { type ChangesCheck, checkChanges } from './preflight/check.ts';
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts';
import { Database } from './server/database.ts';
import { lockSlot } from './server/lock.ts';
import { dottedTable } from './server/sql.ts';
import { resetSlot } from './slot/reset.ts';
import { type ChangesStatus, readStatus } from './slot/status.ts';

/** Longest wait for a query that is running at a stop: what it reads is read again at the next start. */
const STOP_MS = 2_000;

/** Changes of PostgreSQL tables as a source. Made by `postgresChanges`. */
export class PostgresChanges implements Source {
  readonly kind = 'postgres';
  readonly topics: readonly TopicSpec[];
  readonly #options: ResolvedOptions;
  readonly #memory: CaptureMemory = nothingYet();

  constructor(options: PostgresChangesOptions) {
    this.#options = resolveOptions(options);
    const { prefix, tables, messages, topics } = this.#options;
    const names = tables.map((table) => topicName(`${prefix}.${dottedTable(table)}`));
    this.topics = [...names, ...(messages ? [topicName(`${prefix}.message`)] : [])].map((name) => ({ name, ...topics }));
  }

  async run(context: SourceContext): Promise<void> {
    const { url, slot } = this.#options;
    const database = await Database.open(url, `streamer ${slot}`);
    const cut = () => void setTimeout(() => void database.close(), STOP_MS).unref();
    context.signal.addEventListener('abort', cut, { once: true });
    try {
      if (!(await lockSlot(database, slot, context.signal, (why) => context.state('waiting', why)))) return;
      await new Capture(database, context, this.#options, this.#memory).run();
    } catch (error) {
      if (!context.signal.aborted) throw error;
    } finally {
      context.signal.removeEventListener('abort', cut);
      await database.close();
    }
  }

  /** Returns the state of slot and publication, the lag, and the reader. Opens a connection of its own. */
  async status(): Promise<ChangesStatus> {
    return this.#connected('streamer cdc status', (database) => readStatus(database, this.#options));
  }

  /**
   * Checks everything that the source needs, and returns it with what the source would do to the database. Changes nothing. Opens a
   * connection of its own.
   */
  async check(): Promise<ChangesCheck> {
    return this.#connected('streamer cdc check', (database) => checkChanges(database, this.#options));
  }

  /**
   * Drops the slot, so that the server can drop its log, and the next start takes a snapshot (unless that is switched off), with a
   * delete for each key of the topics whose row is gone. Changes that were not read yet are lost but for what the snapshot shows.
   *
   * @returns false when there was none
   * @throws StreamerError `REFUSED` while a process reads it
   */
  async reset(options: { readonly publication?: boolean } = {}): Promise<boolean> {
    const { publication = false } = options;
    const wasThere = await this.#connected('streamer cdc reset', (database) => resetSlot(database, this.#options, publication));
    Object.assign(this.#memory, nothingYet());
    return wasThere;
  }

  async #connected<T>(name: string, work: (database: Database) => Promise<T>): Promise<T> {
    const database = await Database.open(this.#options.url, name);
    return await work(database).finally(() => database.close());
  }
}

/**
 * Changes of PostgreSQL tables, as Debezium writes them: first the existing rows (`op: "r"`), then each insert, update and delete,
 * read from a replication slot. At least once: a transaction is confirmed after all its records are acknowledged, and a crash before
 * that repeats the whole transaction. Needs the package `pg`, and a server with `wal_level = logical`.
 *
 * @example app.source('cars', postgresChanges({ url, prefix: 'car_database', tables: ['public.tbl_car_price'] }));
 * @throws ConfigError with every option that is wrong
 */
export function postgresChanges(options: PostgresChangesOptions): PostgresChanges {
  return new PostgresChanges(options);
}
