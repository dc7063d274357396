import { sleep } from '../../../timing/index.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import type { Database } from '../server/database.ts';
import { slotFailure } from './slot-failure.ts';
import type { SlotReader } from './slot-reader.ts';

/** Looks at the slot until the signal is aborted, with a pause after each look that found nothing. */
export async function keepLooking(reader: SlotReader, database: Database, options: ResolvedOptions, signal: AbortSignal): Promise<void> {
  for (let idle = 0; !signal.aborted; ) {
    const read = await look(reader, database, options);
    idle = read > 0 ? 0 : idle + 1;
    if (idle > 0) await sleep(pauseMs(idle, options.pollMs), signal);
  }
}

async function look(reader: SlotReader, database: Database, options: ResolvedOptions): Promise<number> {
  try {
    return await reader.look();
  } catch (error) {
    throw await slotFailure(database, options, error);
  }
}

/** Short at first: where something happened, more is likely to happen. */
function pauseMs(idle: number, pollMs: number): number {
  return Math.min(pollMs, 2 ** Math.min(idle, 20));
}
