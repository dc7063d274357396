import { setImmediate } from 'node:timers/promises';
import type { OutputRecord, TopicPartition } from '../../kafka/index.ts';
import {
  type Change,
  CUT_KEY,
  type DeclaredTable,
  encodeChangelogValue,
  encodeCutNumber,
  MemoryStore,
  OrderedStore,
  Shard,
  type Store,
} from '../../tables/index.ts';

/** Longest stretch of promoting without letting go of the thread. */
const SLICE_MS = 5;

/** The shard of one table that a task holds. */
export interface TableShard {
  readonly table: DeclaredTable;
  readonly shard: Shard;
  readonly changelog: TopicPartition;
  /** Number of the last committed cut that wrote its changelog partition; 0 before the first. */
  number: number;
}

/**
 * The state of one task: a shard of each table that its agents write. One cut at a time: after `cut` comes `promote` or `drop`.
 * Cut numbers grow by one with each cut that writes a changelog partition; they are committed with the offsets and in the
 * changelog, so that offsets which were moved without the state are noticed.
 */
export class TaskState {
  readonly shards: ReadonlyMap<string, TableShard>;
  /** Shards that the cut under way has written. */
  #written: readonly TableShard[] = [];

  constructor(tables: readonly DeclaredTable[], partition: number) {
    this.shards = new Map(
      tables.map((table) => [
        table.name,
        { table, shard: new Shard(storeFor(table)), changelog: { topic: table.changelog, partition }, number: 0 },
      ]),
    );
  }

  /** What the cut under way commits, or else what the last one committed: cut numbers by table. */
  get numbers(): ReadonlyMap<string, number> {
    return new Map([...this.shards].map(([name, shard]) => [name, this.#written.includes(shard) ? shard.number + 1 : shard.number]));
  }

  /** What a cut that is taken now will commit. */
  get nextNumbers(): ReadonlyMap<string, number> {
    return new Map([...this.shards].map(([name, { shard, number }]) => [name, shard.dirtyEntries > 0 ? number + 1 : number]));
  }

  /** True if something was written since the last cut. */
  get isDirty(): boolean {
    for (const { shard } of this.shards.values()) if (shard.dirtyEntries > 0) return true;
    return false;
  }

  /** True from `cut` until it is promoted whole, or dropped. */
  get hasCut(): boolean {
    for (const { shard } of this.shards.values()) if (shard.hasCut) return true;
    return false;
  }

  /** Begins a cut. Returns its changelog records, the reserved ones included. @throws RangeError while another cut is there */
  cut(): OutputRecord[] {
    if (this.hasCut) throw new RangeError('the last cut of the task has not been promoted');
    const written: TableShard[] = [];
    const records: OutputRecord[] = [];
    for (const table of this.shards.values()) {
      const before = records.length;
      for (const change of table.shard.cut()) records.push(recordOf(table.changelog, change));
      if (records.length === before) continue;
      written.push(table);
      records.push({ ...table.changelog, key: CUT_KEY, value: encodeCutNumber(table.number + 1) });
    }
    this.#written = written;
    return records;
  }

  /** The cut is committed: moves it into the committed entries, in slices, and gives memory back. */
  async promote(): Promise<void> {
    for (const table of this.#written) table.number++;
    this.#written = [];
    for (const { shard } of this.shards.values()) {
      while (!shard.promote(Date.now() + SLICE_MS)) await setImmediate();
      while (shard.base.compact(Date.now() + SLICE_MS)) await setImmediate();
    }
  }

  /** The transaction is given up: what it wrote is gone, and all that came after it. */
  drop(): void {
    this.#written = [];
    for (const { shard } of this.shards.values()) shard.drop();
  }
}

function storeFor({ isOrdered }: DeclaredTable): Store {
  return isOrdered ? new OrderedStore(new MemoryStore()) : new MemoryStore();
}

function recordOf(changelog: TopicPartition, { key, value, timestamp }: Change): OutputRecord {
  return { ...changelog, key, value: value === null ? null : encodeChangelogValue({ timestamp, value }) };
}
