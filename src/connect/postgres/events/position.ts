import type { ConnectValue } from '../../connect-data/schema.ts';
import { narrow } from '../types/integer.ts';

/** A row's position in a snapshot, or `false` outside of one. */
export type SnapshotMark = 'true' | 'first' | 'first_in_data_collection' | 'last_in_data_collection' | 'last' | 'false';

/** The origin of a change. */
export interface ChangePosition {
  readonly snapshot: SnapshotMark;
  /** Microseconds since 1970: of the commit; in a snapshot, of its start. */
  readonly micros: bigint;
  readonly txId: number | bigint | null;
  readonly lsn: bigint;
  /** End of the transaction that was published before this one; null before the first. */
  readonly previousLsn: bigint | null;
}

/** The part of `source` that is the same in every event. */
export interface SourceIdentity {
  readonly version: string;
  readonly prefix: string;
  readonly database: string;
}

/** Returns the `source` block. */
export function sourceBlock(identity: SourceIdentity, position: ChangePosition, schema: string, table: string): ConnectValue {
  const { micros, previousLsn, lsn } = position;
  return [
    identity.version,
    'postgresql',
    identity.prefix,
    Number(micros / 1000n),
    // The schema's default stands for it.
    position.snapshot === 'false' ? null : position.snapshot,
    identity.database,
    `[${previousLsn === null ? 'null' : `"${previousLsn}"`},"${lsn}"]`,
    Number(micros),
    micros * 1000n,
    schema,
    table,
    position.txId,
    narrow(lsn),
    null,
    null,
    null,
  ];
}
