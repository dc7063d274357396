export type { TableAccess, TableHost } from './access.ts';
export { CUT_KEY, decodeCutNumber, encodeCutNumber, isCutKey } from './changelog/cut-record.ts';
export { decodeChangelogValue, encodeChangelogValue } from './changelog/envelope.ts';
export { CHANGELOG_CONFIGS, changelogTopicOf, isStateTopic, PLAIN_CHANGELOG_CONFIGS, repartitionTopicOf } from './changelog/topics.ts';
export type { DeclaredTable } from './declared-table.ts';
export { EventState } from './event-state.ts';
export { checkTable } from './options.ts';
export { type Change, Shard } from './shard.ts';
export { StateTable, type StateTableOptions } from './state-table.ts';
export { MemoryStore } from './store/memory-store.ts';
export { OrderedStore } from './store/ordered-store.ts';
export type { Store, StoreEntry } from './store/store.ts';
export type {
  AnySerde,
  Declared,
  EntriesOptions,
  OrderedTable,
  RangeOptions,
  Schema,
  ShardedTable,
  StateKeyedBy,
  Table,
  TableOptions,
  TableView,
  View,
} from './table.ts';
