import type { Journal } from '../journal/entry.ts';
import type { HandlePool } from '../storage/handle-pool.ts';
import type { TailBudget } from './tail-cache.ts';

/** What all logs of one data folder share. */
export interface DiskEnvironment {
  /** Holds the folders of the partitions. */
  readonly folder: string;
  readonly pool: HandlePool;
  readonly tails: TailBudget;
  /** Is a batch synced before it is acknowledged? */
  readonly syncsFirst: boolean;
  /** Was the broker stopped in order, so that its files need no check? */
  readonly isClean: boolean;
  /** Are damaged segments used as far as they can be read? */
  readonly salvage: boolean;
  /** Keeps a copy of a file of which a part is about to be cut away. @returns where */
  readonly setAside: (path: string) => string;
  /** A batch may be acknowledged no sooner than the topic that it is in. */
  readonly journal: Pick<Journal, 'isFlushed' | 'flushed'>;
  readonly startOf: (topic: string, partition: number) => number;
  /** Keeps a start offset that no file name tells. @throws Refusal */
  readonly recordStart: (topic: string, partition: number, offset: number) => void;
  /** Something was written that a sync by the clock should cover. */
  readonly touched: (log: { sync(): Promise<void> }) => void;
  /** Takes a folder out of use at once, and removes it. */
  readonly discard: (folder: string) => void;
  /** The files may not be what a stop in order leaves. */
  readonly distrust: () => void;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
}
