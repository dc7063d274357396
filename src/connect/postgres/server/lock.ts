import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';

const RETRY_MS = 1000;

/**
 * Ensures that only one process reads a slot, by a lock that the server releases when the session ends, however it ends.
 *
 * @param waiting called with the process that holds the lock
 * @returns false when the signal was aborted first
 */
export async function lockSlot(database: Database, slot: string, signal: AbortSignal, waiting: (why: string) => void): Promise<boolean> {
  const [high, low] = keyOf(slot);
  while (!signal.aborted) {
    if ((await database.value('select pg_try_advisory_lock($1, $2)', [high, low])) === 't') return true;
    waiting(await holderOf(database, slot));
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** Describes who reads the slot. */
async function holderOf(database: Database, slot: string): Promise<string> {
  const holder = await readerOf(database, slot);
  return `another process reads the slot "${slot}" (${holder ?? 'it has just ended'}); this one takes over when it ends`;
}

/** Returns the reader, as `streamer cars, server process 4711, from 10.0.0.5`. */
export async function readerOf(database: Database, slot: string): Promise<string | undefined> {
  const [high, low] = keyOf(slot);
  const [row] = await database.rows(
    `select a.application_name, l.pid, host(a.client_addr) from pg_locks l left join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = $1::int4::oid and l.objid = $2::int4::oid
       and l.database = (select oid from pg_database where datname = current_database())`,
    [high, low],
  );
  return row === undefined ? undefined : `${row[0]}, server process ${row[1]}${row[2] === null ? '' : `, from ${row[2]}`}`;
}

/** Returns two signed 32-bit numbers that stand for the slot's name. */
function keyOf(slot: string): [number, number] {
  const hash = createHash('sha256').update(`streamer change capture ${slot}`).digest();
  return [hash.readInt32BE(0), hash.readInt32BE(4)];
}
