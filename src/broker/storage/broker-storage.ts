import type { Journal } from '../journal/entry.ts';
import { KeptState } from '../journal/kept-state.ts';
import { MemoryLog } from '../log/memory-log.ts';
import type { LogRequest, PartitionLog } from '../log/partition-log.ts';

/** Where a broker keeps its topics, records and offsets. */
export interface BrokerStorage {
  /** What was kept before the start; the journal's entries change it. */
  readonly state: KeptState;
  readonly journal: Journal;
  /** Defaults of topic settings that this storage has instead of Kafka's. */
  readonly topicDefaults: readonly (readonly [name: string, value: string])[];
  /** @throws Refusal KAFKA_STORAGE_ERROR */
  openLog(request: LogRequest): PartitionLog;
  /** Resolves when what was written so far is on the disk, as far as it can be synced. */
  sync(): Promise<void>;
  /** Comes after the logs are closed. @param inOrder false when they are not all closed as they should be */
  close(inOrder: boolean): Promise<void>;
}

/** Keeps everything in memory, until the process ends. */
export function memoryStorage(): BrokerStorage {
  return {
    state: new KeptState(),
    journal: { append: () => {}, isFlushed: true, flushed: () => undefined },
    topicDefaults: [],
    openLog: ({ limits }) => new MemoryLog(limits),
    sync: async () => {},
    close: async () => {},
  };
}
