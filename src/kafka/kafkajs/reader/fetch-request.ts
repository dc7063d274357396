import { fetch } from '../../../wire/apis/data.ts';
import { ErrorCode } from '../../../wire/error-code.ts';
import { expansionLimits } from '../../../wire/expansion.ts';
import type { Isolation } from '../../client.ts';
import { byTopic, partitionKey } from '../../partitions.ts';
import type { Broker } from '../cluster.ts';
import { type AnsweredPartition, batchesOf, loadCodecsFor } from '../fetched.ts';
import { request } from '../request.ts';
import type { RangeReading } from './range-reading.ts';

/** Later versions name topics by their ids. */
const NEWEST = 12;
const CONSUMER = -1;
const MAX_BYTES = 10 * 1024 * 1024;
const LEVELS: Readonly<Record<Isolation, number>> = { uncommitted: 0, committed: 1 };

export interface FetchSettings {
  readonly isolation: Isolation;
  readonly maxWaitMs: number;
  readonly maxBytesPerPartition: number;
  readonly maxBatchBytes: number | undefined;
}

/**
 * Fetches the next records of ranges that a broker leads, none of them of the same partition, and hands them over.
 *
 * @param refused gets each range whose partition the broker refused, with the code
 * @throws errors of the connection; no range has got anything then
 */
export async function fetchRanges(
  broker: Broker,
  ranges: readonly RangeReading[],
  settings: FetchSettings,
  refused: (range: RangeReading, errorCode: number) => void,
): Promise<void> {
  const answer = await request(broker, fetch, requestOf(ranges, settings), { newest: NEWEST });
  await loadCodecsFor(answer);
  const limits = expansionLimits(settings.maxBatchBytes);
  const missing = new Map(ranges.map((range) => [partitionKey(range.tp), range]));
  for (const { name, partitions } of answer.topics) {
    for (const answered of partitions) {
      const key = partitionKey({ topic: name, partition: answered.index });
      const range = missing.get(key);
      missing.delete(key);
      if (range === undefined) continue;
      if (answered.errorCode !== ErrorCode.NONE) refused(range, answered.errorCode);
      else handOver(range, answered, settings, limits);
    }
  }
  for (const range of missing.values()) refused(range, ErrorCode.UNKNOWN_SERVER_ERROR);
}

function requestOf(ranges: readonly RangeReading[], { isolation, maxWaitMs, maxBytesPerPartition }: FetchSettings) {
  const topics = byTopic(
    ranges.map((range) => ({ ...range.tp, range })),
    ({ partition, range }) => ({ index: partition, fetchOffset: range.position, maxBytes: maxBytesPerPartition }),
  );
  return {
    replicaId: CONSUMER,
    // What is asked for again, because it should have come, is there at once or not at all.
    maxWaitMs: ranges.some(({ gapUntil }) => gapUntil !== undefined) ? 0 : maxWaitMs,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    isolationLevel: LEVELS[isolation],
    topics: topics.map(({ topic, partitions }) => ({ name: topic, partitions })),
  };
}

function handOver(
  range: RangeReading,
  answered: AnsweredPartition,
  { isolation }: FetchSettings,
  limits: ReturnType<typeof expansionLimits>,
): void {
  const pieces = batchesOf(range.tp, answered, () => range.position, limits);
  const nextOffset = pieces.findLast((piece) => piece.nextOffset !== undefined)?.nextOffset;
  if (nextOffset !== undefined)
    range.fetched(
      pieces.flatMap(({ visible }) => visible),
      nextOffset,
    );
  else range.empty(isolation === 'committed' ? answered.lastStableOffset : answered.highWatermark);
}
