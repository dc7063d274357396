import { StreamerError } from '../../errors.ts';
import { isInLog, type LogPosition } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { decodeCommit } from '../offsets/commit-metadata.ts';
import { freshStart, type InputStart } from '../task/input-start.ts';

// The first position of a group is committed at its first assignment, even when nothing has been read: else a partition that stays
// empty until its retention passes would have no position.

/** What happens when the group's commit lies outside of the log. */
export type OffsetOutOfRangePolicy = 'stop' | 'earliest' | 'latest';

const log = libraryLog('worker');

/**
 * Where a partition starts: at its commit; without one at the earliest record, and that position is committed with the first
 * commit. A commit outside of the log has lost its data, or belongs to another topic of the same name.
 *
 * @throws StreamerError when the policy is to stop
 */
export function startOf(position: LogPosition, policy: OffsetOutOfRangePolicy): InputStart {
  const { topic, partition, committed, metadata, earliest, latest } = position;
  if (committed === undefined) return freshStart(earliest);
  if (isInLog(committed, position))
    return { position: committed, finished: decodeCommit(committed, metadata).finished, metadata: metadata ?? '' };
  const cause = committed < earliest ? 'records were deleted before they were read' : 'the topic was recreated, or its log lost data';
  const what = `reading should go on at ${committed}, the log holds ${earliest} to ${latest}: ${cause}`;
  if (policy === 'stop') {
    const next = 'Decide where to go on, and start again with --on-offset-out-of-range earliest or --on-offset-out-of-range latest.';
    throw new StreamerError('REFUSED', what, { topic, partition, next });
  }
  log.warning('{topic}[{partition}]: {what}; going on at the {policy} record (onOffsetOutOfRange)', { topic, partition, what, policy });
  return freshStart(position[policy]);
}
