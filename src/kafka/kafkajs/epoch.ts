import type { TopicPartition } from '../client.ts';
import { partitionKey } from '../partitions.ts';
import type { Member } from './cluster.ts';

/**
 * - `assigning`: joined; the owner prepares, nothing is delivered.
 * - `live`: records are delivered.
 * - `draining`: about to be given up; commits are still accepted, nothing is delivered.
 * - `over`: another epoch has begun or will.
 */
export type EpochState = 'assigning' | 'live' | 'draining' | 'over';

export interface Position {
  readonly tp: TopicPartition;
  /** Offset of the next record to deliver; undefined until the owner has set it. */
  next: number | undefined;
  /** The client was found reading at another place and is being brought back. */
  isRecovering: boolean;
  paused: boolean;
}

/** One assignment: from a join of the group to the next. */
export class Epoch {
  readonly number: number;
  readonly member: Member;
  /** Of all members of the group in this epoch. */
  readonly transactionalIds: readonly string[];
  readonly partitions: readonly TopicPartition[];
  state: EpochState = 'assigning';
  /** The owner knows of it. */
  isAnnounced = false;
  /** Settles when the owner is ready, or when that has failed. */
  assigning: Promise<void> = Promise.resolve();
  /** Settles when the epoch is over; set when draining begins. */
  draining: Promise<void> | undefined;
  readonly #positions = new Map<string, Position>();

  constructor(
    number: number,
    member: Member,
    assignment: Readonly<Record<string, readonly number[]>>,
    transactionalIds: readonly string[] = [],
  ) {
    this.number = number;
    this.member = member;
    this.transactionalIds = transactionalIds;
    this.partitions = Object.entries(assignment)
      .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
      .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
    for (const tp of this.partitions) this.#positions.set(partitionKey(tp), { tp, next: undefined, isRecovering: false, paused: false });
  }

  get positions(): Iterable<Position> {
    return this.#positions.values();
  }

  position(tp: TopicPartition): Position | undefined {
    return this.#positions.get(partitionKey(tp));
  }

  /** Nothing can be fetched until the owner resumes a partition or sets a position. */
  get isIdle(): boolean {
    if (this.state === 'assigning') return true;
    if (this.state !== 'live' || this.partitions.length === 0) return false;
    for (const { paused, next } of this.positions) if (!paused && next !== undefined) return false;
    return true;
  }

  get owned(): Record<string, number[]> {
    const owned: Record<string, number[]> = Object.create(null);
    for (const { topic, partition } of this.partitions) (owned[topic] ??= []).push(partition);
    return owned;
  }
}
