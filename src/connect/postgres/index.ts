export type { UnwrapOptions } from './events/unwrap-options.ts';
export type { Continuation, Operation, PostgresChangesOptions } from './options.ts';
export { type PostgresChanges, postgresChanges } from './postgres-changes.ts';
export type { ChangesCheck } from './preflight/check.ts';
export type { Finding } from './preflight/finding.ts';
export type { ChangesStatus, SlotStatus } from './slot/status.ts';
