import { StreamerError } from '../../errors.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';

/** What happens when the group's offsets were moved by something else than the app, and its tables were not. */
export type OffsetsMovedPolicy = 'stop' | 'keepState';

const log = libraryLog('worker');

/**
 * Offsets and tables do not belong together: events would be counted twice, or not at all.
 *
 * @param what how they differ, as a clause
 * @throws StreamerError when the policy is to stop
 */
export function offsetsMoved(place: TopicPartition, what: string, policy: OffsetsMovedPolicy): void {
  if (policy === 'keepState') {
    log.warning('{topic}[{partition}]: {what}; going on with the tables as they are (onOffsetsMoved)', { ...place, what });
    return;
  }
  const next =
    'Move offsets with `streamer reset -A <app>`, which keeps both together. To go on with the tables as they are, start once with --on-offsets-moved keepState.';
  throw new StreamerError('REFUSED', `the group's offsets and the tables do not belong together: ${what}`, { ...place, next });
}
