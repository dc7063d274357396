import { StreamerError } from '../../errors.ts';
import { type Database, identifier, sqlState } from './database.ts';
import { readerOf } from './lock.ts';
import type { ResolvedOptions } from './options.ts';
import { qualified } from './setup.ts';

export interface SlotStatus {
  /** Up to here everything is acknowledged, as `16/B374D848`. */
  readonly confirmed: string;
  /** From here on the server keeps its log. */
  readonly restart: string;
  /** Bytes of log behind what is confirmed: what is left to read, other tables' changes included. */
  readonly lagBytes: number;
  /** Bytes of log that the server keeps for the slot. */
  readonly keptBytes: number;
  /** As `pg_replication_slots.wal_status`: `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string;
  /** Bytes that may still be written before the slot is given up; absent without `max_slot_wal_keep_size`. */
  readonly safeBytes: number | undefined;
}

export interface ChangesStatus {
  readonly slot: string;
  /** Absent when there is none yet. */
  readonly state: SlotStatus | undefined;
  readonly publication: string;
  /** What the publication gives, as `public.cars`. */
  readonly published: readonly string[];
  /** Wanted tables that are not in it. */
  readonly missing: readonly string[];
  /** Who reads the slot; absent when nobody does. */
  readonly reader: string | undefined;
  /** As the server shows it; `-1` means that a slot that nobody reads may fill the disk. */
  readonly maxSlotWalKeepSize: string;
}

export async function readStatus(database: Database, { slot, publication, tables }: ResolvedOptions): Promise<ChangesStatus> {
  const published = await database.rows('select schemaname, tablename from pg_publication_tables where pubname = $1 order by 1, 2', [
    publication,
  ]);
  const names = published.map(([schema, name]) => `${schema}.${name}`);
  const roots = await database.rows(
    `select n.nspname || '.' || c.relname from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
       join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace where p.pubname = $1`,
    [publication],
  );
  const listed = new Set([...names, ...roots.map(([name]) => name!)]);
  return {
    slot,
    state: await slotStatus(database, slot),
    publication,
    published: names,
    missing: tables.filter(({ schema, name }) => !listed.has(`${schema}.${name}`)).map(qualified),
    reader: await readerOf(database, slot),
    maxSlotWalKeepSize: (await database.value('show max_slot_wal_keep_size'))!,
  };
}

async function slotStatus(database: Database, slot: string): Promise<SlotStatus | undefined> {
  const [row] = await database.rows(
    `select confirmed_flush_lsn, restart_lsn, pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn),
       pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn), wal_status, safe_wal_size
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  if (row === undefined) return undefined;
  const [confirmed, restart, lag, kept, walStatus, safe] = row;
  return {
    confirmed: confirmed ?? '',
    restart: restart ?? '',
    lagBytes: Math.max(0, Number(lag)),
    keptBytes: Math.max(0, Number(kept)),
    walStatus: walStatus ?? 'unknown',
    safeBytes: safe === null || safe === undefined ? undefined : Number(safe),
  };
}

export async function resetSlot(database: Database, { slot, publication }: ResolvedOptions, withPublication: boolean): Promise<boolean> {
  const reader = await readerOf(database, slot);
  if (reader !== undefined) {
    throw new StreamerError('REFUSED', `the slot "${slot}" is being read (${reader})`, { next: 'Stop the workers of the app first.' });
  }
  const exists = (await database.rows('select from pg_replication_slots where slot_name = $1', [slot])).length > 0;
  try {
    if (exists) await database.rows('select pg_drop_replication_slot($1)', [slot]);
  } catch (error) {
    if (sqlState(error) !== '55006') throw error;
    throw new StreamerError('REFUSED', (error as Error).message, { cause: error, next: 'Stop whoever reads it first.' });
  }
  if (withPublication) await database.rows(`drop publication if exists ${identifier(publication)}`);
  return exists;
}
