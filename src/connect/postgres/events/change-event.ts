import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';

/** A value with its schema. */
export interface Data {
  readonly schema: ConnectSchema;
  readonly value: ConnectValue;
}

/** A record before it is encoded. */
export interface ChangeEvent {
  readonly topic: string;
  /** Absent for a table without key. */
  readonly key: Data | null;
  /** Null for a tombstone. */
  readonly value: Data | null;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}
