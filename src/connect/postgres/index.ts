export type { UnwrapOptions } from './events/unwrap.ts';
export type { Operation, PostgresChangesOptions } from './options.ts';
export { type PostgresChanges, postgresChanges } from './postgres-changes.ts';
export type { ChangesStatus, SlotStatus } from './status.ts';
