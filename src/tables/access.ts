import type { EventState } from './event-state.ts';
import type { Shard } from './shard.ts';

/** What the event in hand may do with one table. */
export interface TableAccess {
  readonly shard: Shard;
  readonly state: EventState;
  /**
   * Checks that the event may write the entry.
   *
   * @param shardKey the key that an event must have to write it
   * @throws StreamerError `USAGE` with the advice to re-key
   */
  checkWrite(table: string, shardKey: unknown): void;
}

/** What a table needs of the app that declared it. */
export interface TableHost {
  /** @throws StreamerError `USAGE` outside of an event, and in an agent that does not name the table for this use */
  access(table: string, use: 'read' | 'write'): TableAccess;
}
