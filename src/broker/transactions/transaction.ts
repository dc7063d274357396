/** Where a transaction stands, by the names that Kafka gives. */
export type TransactionState = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort';

export const TRANSACTION_STATES: readonly string[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
] satisfies TransactionState[];

/** All that is kept of a transactional id; as JSON it is an entry of the journal. Never changed, but replaced. */
export interface Transaction {
  readonly id: string;
  readonly producerId: number;
  /** -1 before the first. */
  readonly epoch: number;
  /** The epoch before the last raise, whose owner may have the current one; -1 where it may not. */
  readonly lastEpoch: number;
  /** The producer id before this one, whose epochs were used up; -1 without one. */
  readonly lastProducerId: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  readonly partitions: readonly (readonly [topic: string, partition: number])[];
  /** Consumer groups with offsets in it. */
  readonly groups: readonly string[];
  /** Of the one under way, milliseconds since 1970; -1 without one. */
  readonly startedMs: number;
  readonly updatedMs: number;
}

/** Epochs are 16 bits; the last one is kept for fencing. */
const LAST_EPOCH = 32_766;

export function isExhausted(epoch: number): boolean {
  return epoch >= LAST_EPOCH;
}

export function isUnderWay({ state }: Transaction): boolean {
  return state === 'Ongoing' || isPrepared(state);
}

export function isPrepared(state: TransactionState): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}

export function isPart({ partitions }: Transaction, topic: string, partition: number): boolean {
  return partitions.some(([name, index]) => name === topic && index === partition);
}
