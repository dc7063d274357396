import { Database } from '../server/database.ts';
import { createSnapshotSlot, explained, keepSlot } from '../slot/slot.ts';
import { publishSnapshot, type SnapshotParts } from './snapshot.ts';

/**
 * Publishes a snapshot and creates the slot that goes on from it. The lasting slot is created only when all of the snapshot is
 * published: a slot that exists means a snapshot that is complete.
 */
export async function slotWithSnapshot(database: Database, parts: Omit<SnapshotParts, 'database'>): Promise<void> {
  const { context, options } = parts;
  const { slot, url } = options;
  context.state('snapshot', 'creates a slot, for which the server waits until the transactions that are open now have ended');
  const replication = await explained(database, () => Database.open(url, `streamer ${slot} snapshot`, true));
  const reading = await Database.open(url, `streamer ${slot} rows`);
  try {
    const temporary = `${slot}_snapshot`;
    const made = await explained(database, () => createSnapshotSlot(replication, temporary));
    await publishSnapshot({ ...parts, database: reading }, made);
    await explained(database, () => keepSlot(replication, temporary, slot));
  } finally {
    await Promise.all([replication.close(), reading.close()]);
  }
}
