import type { TopicOffset } from '../groups/offset-store.ts';
import type { Transaction } from '../transactions/transaction.ts';

/** A committed offset: topic, partition, offset, leader epoch, metadata. */
export type JournalledOffset = readonly [topic: string, partition: number, offset: number, leaderEpoch: number, metadata: string];

/**
 * One change of what the broker keeps besides records. Applying entries twice, in their order, gives the same state as
 * applying them once.
 */
export type Entry =
  /** First in a journal and in a snapshot: a journal goes with the snapshot of the same generation. */
  | { readonly type: 'generation'; readonly generation: number }
  /** Last in a snapshot. */
  | { readonly type: 'end'; readonly entries: number }
  | { readonly type: 'cluster'; readonly id: string }
  | {
      readonly type: 'topic';
      readonly topic: string;
      /** Absent in entries of brokers that did not know topic ids. */
      readonly id?: string | undefined;
      readonly partitions: number;
      readonly configs: readonly (readonly [string, string])[];
    }
  | { readonly type: 'partitions'; readonly topic: string; readonly partitions: number }
  | { readonly type: 'configs'; readonly topic: string; readonly configs: readonly (readonly [string, string])[] }
  /** With the offsets that groups committed for it. */
  | { readonly type: 'topic-deleted'; readonly topic: string }
  | { readonly type: 'start'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly type: 'offsets'; readonly group: string; readonly offsets: readonly JournalledOffset[] }
  /** Committed when the transaction of the producer is. */
  | { readonly type: 'pending-offsets'; readonly group: string; readonly producerId: number; readonly offsets: readonly JournalledOffset[] }
  | { readonly type: 'pending-end'; readonly producerId: number; readonly groups: readonly string[]; readonly isCommit: boolean }
  | { readonly type: 'group-deleted'; readonly group: string }
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  | { readonly type: 'transaction-deleted'; readonly id: string }
  /** No producer id from here on was given to anybody. */
  | { readonly type: 'producer-ids'; readonly next: number };

/** Where changes are kept before they are answered. */
export interface Journal {
  /** Comes before the change in memory. @throws Refusal KAFKA_STORAGE_ERROR, and then nothing is kept */
  append(entry: Entry): void;
  /** Are all entries as durable as the storage promises? */
  readonly isFlushed: boolean;
  /** Settles when all entries are as durable as the storage promises; undefined when they are. Rejects with a Refusal. */
  flushed(): Promise<void> | undefined;
}

export function toJournal({ topic, partition, offset, leaderEpoch, metadata }: TopicOffset): JournalledOffset {
  return [topic, partition, offset, leaderEpoch, metadata];
}

export function fromJournal([topic, partition, offset, leaderEpoch, metadata]: JournalledOffset): TopicOffset {
  return { topic, partition, offset, leaderEpoch, metadata };
}
