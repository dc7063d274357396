import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicSpec } from '../../kafka/index.ts';
import type { Source, SourceContext } from '../source.ts';
import { Catalog } from './catalog.ts';
import { ChangeStream } from './change-stream.ts';
import { Database } from './database.ts';
import { systemClock } from './events/clock.ts';
import { EventEncoder } from './events/encoder.ts';
import { topicName } from './events/table.ts';
import { Flight } from './flight.ts';
import { lockSlot } from './lock.ts';
import { type PostgresChangesOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { Publisher } from './publisher.ts';
import { capturedBy, type PublishedTable, preparePublication } from './setup.ts';
import { createSlot, createSnapshotSlot, findSlot, keepSlot, refusedSlot } from './slot.ts';
import { SlotReader } from './slot-reader.ts';
import { publishSnapshot } from './snapshot.ts';
import { type ChangesStatus, readStatus, resetSlot } from './status.ts';
import { TableRegistry } from './table-registry.ts';

/** The version of Debezium whose form the events have. */
const FORM = '3.7.0.Final';
const STOP_MS = 2_000;

/** Changes of PostgreSQL tables as a source. Made by `postgresChanges`. */
export class PostgresChanges implements Source {
  readonly kind = 'postgres';
  readonly topics: readonly TopicSpec[];
  readonly #options: ResolvedOptions;

  constructor(options: PostgresChangesOptions) {
    this.#options = resolveOptions(options);
    const { prefix, tables, messages, topics } = this.#options;
    const names = tables.map(({ schema, name }) => topicName(`${prefix}.${schema}.${name}`));
    this.topics = [...names, ...(messages ? [topicName(`${prefix}.message`)] : [])].map((name) => ({ name, ...topics }));
  }

  async run(context: SourceContext): Promise<void> {
    const { url, slot } = this.#options;
    const database = await Database.open(url, `streamer ${slot}`);
    // What is under way may come to its end, but not for long: it is read again at the next start.
    const cut = () => void setTimeout(() => void database.close(), STOP_MS).unref();
    context.signal.addEventListener('abort', cut, { once: true });
    try {
      if (!(await lockSlot(database, slot, context.signal, (why) => context.state('waiting', why)))) return;
      await this.#read(database, context);
    } catch (error) {
      if (!context.signal.aborted) throw error;
    } finally {
      context.signal.removeEventListener('abort', cut);
      await database.close();
    }
  }

  /** Slot, publication, lag, and who reads. Connects on its own. */
  async status(): Promise<ChangesStatus> {
    const database = await Database.open(this.#options.url, 'streamer cdc status');
    return await readStatus(database, this.#options).finally(() => database.close());
  }

  /**
   * Drops the slot, so that the next start begins anew (with a snapshot, unless that is switched off), and the server may drop its
   * log. What was changed and not read yet is lost, but for what a snapshot shows.
   *
   * @returns false when there was none
   * @throws StreamerError `REFUSED` while somebody reads it
   */
  async reset(options: { readonly publication?: boolean } = {}): Promise<boolean> {
    const database = await Database.open(this.#options.url, 'streamer cdc reset');
    return await resetSlot(database, this.#options, options.publication ?? false).finally(() => database.close());
  }

  async #read(database: Database, context: SourceContext): Promise<void> {
    const { converter, unwrap, slot, skip, publication, messages, heartbeatMs } = this.#options;
    const tables = await preparePublication(database, this.#options);
    const catalog = new Catalog(database);
    const encoder = await this.#encoder(database);
    const registry = new TableRegistry(
      catalog,
      this.#options.types,
      this.#options.prefix,
      capturedBy(database, this.#options.tables, tables),
    );
    const publisher = new Publisher(converter, unwrap, new Flight(context));
    const found = await findSlot(database, slot);
    if (found === undefined) await this.#begin(database, context, { catalog, encoder, registry, publisher, tables });
    if (context.signal.aborted) return;
    const stream = new ChangeStream(encoder, registry, skip, found?.confirmed ?? null);
    const place = found ?? (await findSlot(database, slot))!;
    const reader = new SlotReader({ database, slot, publication, messages, stream, publisher, heartbeatMs, place });
    context.state('streaming', `reads ${tables.length === 1 ? 'a table' : `${tables.length} tables`} from the slot "${slot}"`);
    for (let idle = 0; !context.signal.aborted; ) {
      const messages = await reader.look();
      idle = messages > 0 ? 0 : idle + 1;
      if (idle > 0) await sleep(this.#pause(idle), undefined, { signal: context.signal }).catch(() => {});
    }
  }

  /** Short at first: where something happened, more does. */
  #pause(idle: number): number {
    return Math.min(this.#options.pollMs, 2 ** Math.min(idle, 20));
  }

  /** Makes the slot; with a snapshot, only once all of it is published: a slot that is there means a snapshot that is complete. */
  async #begin(
    database: Database,
    context: SourceContext,
    parts: { catalog: Catalog; encoder: EventEncoder; registry: TableRegistry; publisher: Publisher; tables: readonly PublishedTable[] },
  ): Promise<void> {
    const { slot, url, snapshot } = this.#options;
    if (snapshot === 'never') {
      await createSlot(database, slot);
      return;
    }
    context.state('snapshot', 'makes a slot, for which the server waits until transactions that are open now have ended');
    const replication = await Database.open(url, `streamer ${slot} snapshot`, true).catch(async (error: unknown) => {
      throw await refusedSlot(database, error);
    });
    const reading = await Database.open(url, `streamer ${slot} rows`);
    try {
      const temporary = `${slot}_snapshot`;
      const made = await createSnapshotSlot(replication, temporary).catch(async (error: unknown) => {
        throw await refusedSlot(database, error);
      });
      const progress = (table: string, rows: number) => context.state('snapshot', `${table}: ${rows.toLocaleString('en-US')} rows`);
      const role = (await database.value('select current_user'))!;
      await publishSnapshot({ ...parts, database: reading, role, progress, signal: context.signal }, made);
      await keepSlot(replication, temporary, slot).catch(async (error: unknown) => {
        throw await refusedSlot(database, error);
      });
    } finally {
      await Promise.all([replication.close(), reading.close()]);
    }
  }

  async #encoder(database: Database): Promise<EventEncoder> {
    const { prefix, tombstones, contextHeaders } = this.#options;
    const name = (await database.value('select current_database()'))!;
    return new EventEncoder({
      identity: { version: FORM, prefix, database: name },
      tombstones,
      runId: contextHeaders ? randomUUID() : undefined,
      clock: systemClock,
      binary: this.#options.types.binary,
    });
  }
}

/**
 * Changes of PostgreSQL tables, as Debezium writes them: first the rows that are there (`op: "r"`), then each insert, update and
 * delete, read from a replication slot. At least once: a transaction is confirmed after all its records are acknowledged, and
 * a crash before that repeats it whole. Needs the package `pg`, and a server with `wal_level = logical`.
 *
 * @example app.source('cars', postgresChanges({ url, prefix: 'car_database', tables: ['public.tbl_car_price'] }));
 * @throws ConfigError with every option that is wrong
 */
export function postgresChanges(options: PostgresChangesOptions): PostgresChanges {
  return new PostgresChanges(options);
}
