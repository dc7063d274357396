/**
 * Messages of PostgreSQL's `pgoutput` plugin, protocol version 1 (PostgreSQL's manual, "Logical Replication Message Formats").
 */

/** The text of a value, its bytes where they are not UTF-8, null, or `unchanged` for a TOASTed value that the change did not touch. */
export type TupleValue = string | Buffer | null | typeof unchanged;
export type Tuple = readonly TupleValue[];

export const unchanged = Symbol('unchanged');

export interface RelationColumn {
  readonly name: string;
  /** Part of the replica identity. */
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
  /** Start of the commit record. */
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

/** The old row (replica identity full) or its key. */
export interface OldTuple {
  readonly of: 'row' | 'key';
  readonly tuple: Tuple;
}

export interface Insert {
  readonly kind: 'insert';
  readonly relation: number;
  readonly old?: undefined;
  readonly new: Tuple;
}

export interface Update {
  readonly kind: 'update';
  readonly relation: number;
  /** Absent when the key did not change and the replica identity is not full. */
  readonly old: OldTuple | undefined;
  readonly new: Tuple;
}

export interface Delete {
  readonly kind: 'delete';
  readonly relation: number;
  readonly old: OldTuple | undefined;
}

export type RowChange = Insert | Update | Delete;

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
