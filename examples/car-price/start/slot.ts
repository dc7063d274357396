import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../shared/child.ts';
import { loadPg } from '../postgres/client.ts';

const READY_MS = 60_000;

/** Resolves when the source has its place in the database's log: every change from then on becomes an event of its own. */
export async function sourceReady(url: string, worker: Child, signal: AbortSignal): Promise<void> {
  const { Client } = await loadPg();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const deadline = Date.now() + READY_MS; ; await delay(20, undefined, { signal })) {
      const { rows } = await client.query('select from pg_replication_slots where confirmed_flush_lsn is not null');
      if (rows.length > 0) return;
      if (worker.hasFailed) throw worker.failure();
      if (Date.now() > deadline) throw new Error(`the source was not ready within ${READY_MS / 1_000} s`);
    }
  } finally {
    await client.end();
  }
}
