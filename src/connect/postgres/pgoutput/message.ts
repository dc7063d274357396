/**
 * Messages of PostgreSQL's `pgoutput` plugin, protocol version 1 (PostgreSQL's manual, "Logical Replication Message Formats").
 */

/** A value of a tuple: its text, null, or `unchanged` for a TOASTed value that the change did not touch. */
export type TupleValue = string | null | typeof unchanged;
export type Tuple = readonly TupleValue[];

export const unchanged = Symbol('unchanged');

export interface RelationColumn {
  readonly name: string;
  /** Is it part of the replica identity? */
  readonly isKey: boolean;
  readonly typeOid: number;
  /** -1 when there is none. */
  readonly typeModifier: number;
}

export interface Relation {
  readonly kind: 'relation';
  readonly id: number;
  readonly schema: string;
  readonly table: string;
  /** As in `pg_class.relreplident`: d(efault), n(othing), f(ull), i(ndex). */
  readonly identity: string;
  readonly columns: readonly RelationColumn[];
  /** The message's own bytes: equal bytes mean an unchanged relation. */
  readonly bytes: Buffer;
}

export interface Begin {
  readonly kind: 'begin';
  /** Where the commit record starts. */
  readonly commitLsn: bigint;
  /** Microseconds since 1970-01-01 UTC. */
  readonly commitMicros: bigint;
  readonly xid: number;
}

export interface Commit {
  readonly kind: 'commit';
  readonly commitLsn: bigint;
  readonly endLsn: bigint;
}

export interface RowChange {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly relation: number;
  /** The old row (`O`, replica identity full) or its key (`K`). */
  readonly old?: { readonly of: 'row' | 'key'; readonly tuple: Tuple } | undefined;
  /** Absent for a delete. */
  readonly new?: Tuple | undefined;
}

export interface Truncate {
  readonly kind: 'truncate';
  readonly relations: readonly number[];
}

/** Written by `pg_logical_emit_message`. */
export interface LogicalMessage {
  readonly kind: 'message';
  readonly isTransactional: boolean;
  readonly lsn: bigint;
  readonly prefix: string;
  readonly content: Buffer;
}

export interface Ignored {
  readonly kind: 'origin' | 'type';
}

export type PgoutputMessage = Begin | Commit | Relation | RowChange | Truncate | LogicalMessage | Ignored;
