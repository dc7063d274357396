import { isStreamerError } from '../../errors.ts';
import { type KafkaAdmin, type LogPosition, readPositions, type Subscription, type TopicPartition } from '../../kafka/index.ts';
import { type Clock, sleep } from '../../timing/index.ts';
import { decodeCommit } from '../offsets/commit-metadata.ts';
import type { Fencing } from './fencing.ts';

/** Markers of a transaction that has ended are milliseconds away; after so many looks it may be one that nobody will end. */
const LOOKS_BEFORE_FENCING = 4;
const PAUSE_MS = 25;

export interface StableParts {
  readonly subscription: Subscription;
  readonly admin: () => Promise<KafkaAdmin>;
  readonly fencing: Fencing;
  readonly clock: Clock;
}

/** A partition of an assignment where no transaction is under way, and the id of its topic. */
export interface StablePosition extends LogPosition {
  readonly topicId: string;
}

/**
 * Reads where the partitions of an assignment stand once no transaction holds an offset of them: a commit that is under way may still
 * be added to what is committed. Members that are gone are fenced when that takes longer than markers do.
 *
 * @param isCurrent false once the result is not needed any more
 */
export async function stablePositions(
  { subscription, admin, fencing, clock }: StableParts,
  partitions: readonly TopicPartition[],
  epoch: number,
  isCurrent: () => boolean,
): Promise<StablePosition[]> {
  fencing.begin(subscription.transactionalIds(epoch));
  const options = { stable: true };
  for (let look = 1; ; look++) {
    try {
      const positions = await readPositions(subscription, await admin(), partitions, options);
      const ids = await (await admin()).topicIds([...new Set(partitions.map(({ topic }) => topic))]);
      fencing.learn(positions.flatMap(writerOf));
      return positions.map((position) => ({ ...position, topicId: ids.get(position.topic) ?? '' }));
    } catch (error) {
      if (!isUnstable(error) || !isCurrent()) throw error;
    }
    if (look === LOOKS_BEFORE_FENCING) {
      // Without those that are under way: the writers before.
      fencing.learn(
        (await subscription.committed(partitions)).flatMap(({ offset, metadata }) => writerOf({ committed: offset, metadata })),
      );
    }
    if (look >= LOOKS_BEFORE_FENCING) await fencing.fenceAbsent();
    await sleep(PAUSE_MS, undefined, clock);
  }
}

function writerOf({ committed, metadata }: Pick<LogPosition, 'committed' | 'metadata'>): string[] {
  const { mark } = decodeCommit(committed ?? 0, metadata);
  return mark === undefined ? [] : [mark.writer];
}

function isUnstable(error: unknown): boolean {
  return isStreamerError(error) && 'kafkaCode' in error && error.kafkaCode === 'UNSTABLE_OFFSET_COMMIT';
}
