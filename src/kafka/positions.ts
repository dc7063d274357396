import { asKafkaError, KafkaError } from '../errors.ts';
import { limited } from '../timing/index.ts';
import type { CommittedOffset, KafkaAdmin, Subscription, TopicPartition, Watermarks } from './client.ts';
import { partitionKey } from './partitions.ts';

// The ends of the logs are read after the group's commits, not beside them: a commit of the previous owner that comes between the
// two would lie beyond the end and count as lost data.

/** What the group has committed for a partition, and what its log holds. */
export interface LogPosition extends Watermarks {
  /** The next offset to be read; undefined when the group has no commit. */
  readonly committed: number | undefined;
  /** Of the commit. */
  readonly metadata: string | null;
}

/**
 * @param options `stable`: as `Subscription.committed`
 * @throws KafkaError `retry` for a partition that the admin does not know yet, as one that was added just now
 */
export async function readPositions(
  subscription: Subscription,
  admin: KafkaAdmin,
  partitions: readonly TopicPartition[],
  options: { readonly stable?: boolean } = {},
): Promise<LogPosition[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  // Marks that are older than a commit could lie below it: the log would seem to have lost data.
  const committed = await subscription.committed(partitions, options);
  const marks = await Promise.all(topics.map((topic) => admin.watermarks(topic)));
  const commitOf = byPartition(committed);
  const marksOf = byPartition(marks.flat());
  return partitions.map((partition) => positionOf(partition, commitOf.get(partitionKey(partition)), marksOf.get(partitionKey(partition))));
}

function positionOf({ topic, partition }: TopicPartition, commit: CommittedOffset | undefined, marks: Watermarks | undefined): LogPosition {
  if (marks === undefined) throw new KafkaError('retry', 'the partition is not known yet', { topic, partition });
  const committed = commit === undefined || commit.offset < 0 ? undefined : commit.offset;
  return { topic, partition, earliest: marks.earliest, latest: marks.latest, committed, metadata: commit?.metadata ?? null };
}

/** Can reading go on at the offset? */
export function isInLog(offset: number | undefined, { earliest, latest }: Watermarks): offset is number {
  return offset !== undefined && offset >= earliest && offset <= latest;
}

export interface StartOptions {
  /** Where a partition starts without a commit, or with one that the log no longer holds. @default 'earliest' */
  readonly start?: 'earliest' | 'latest';
  /** After so long without positions the subscription joins again. @default 30_000 */
  readonly timeoutMs?: number;
  /** Gets an error for each commit that the log no longer holds. */
  readonly moved?: (error: KafkaError) => void;
}

/**
 * Starts reading for an owner without rules of its own: each partition at the group's commit while the log holds it.
 * Resolves to the positions when they are set, and to none when the subscription joins again because they could not be read.
 */
export async function seekToStart(
  subscription: Subscription,
  admin: KafkaAdmin,
  { partitions, epoch }: { readonly partitions: readonly TopicPartition[]; readonly epoch: number },
  { start = 'earliest', timeoutMs = 30_000, moved = () => {} }: StartOptions = {},
): Promise<ReadonlyArray<TopicPartition & { readonly offset: number }>> {
  try {
    const positions = await limited(readPositions(subscription, admin, partitions), timeoutMs, `reading the positions of epoch ${epoch}`);
    return positions.map((position) => {
      const { topic, partition, committed } = position;
      const offset = isInLog(committed, position) ? committed : position[start];
      if (committed !== undefined && committed !== offset) moved(outOfRange(position, committed, offset));
      subscription.seek(epoch, position, offset);
      return { topic, partition, offset };
    });
  } catch (cause) {
    subscription.rejoin(epoch, asKafkaError(cause));
    return [];
  }
}

/** Reading should go on at `offset`, which the log no longer holds, and goes on at `start`. */
export function outOfRange({ topic, partition }: TopicPartition, offset: number, start: number): KafkaError {
  return new KafkaError('retry', `offset ${offset} no longer exists; reading goes on at ${start}`, {
    topic,
    partition,
    offset,
    kafkaCode: 'OFFSET_OUT_OF_RANGE',
    next: 'The log was cut or the topic was recreated: check its retention.',
  });
}

function byPartition<T extends TopicPartition>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((each) => [partitionKey(each), each]));
}
