import type { fetch } from '../../wire/apis/data.ts';
import type { ExpansionLimits } from '../../wire/expansion.ts';
import { type FetchedBatches, loadCodecsOf, readFetched } from '../../wire/fetched-batches.ts';
import type { Decoded } from '../../wire/field.ts';
import type { TopicPartition } from '../client.ts';
import { UnreadableBatchError } from '../unreadable.ts';

export type FetchAnswer = Decoded<typeof fetch.response>;
export type AnsweredPartition = FetchAnswer['topics'][number]['partitions'][number];

/** Loads the codecs of the batches in an answer. */
export async function loadCodecsFor({ topics }: FetchAnswer): Promise<void> {
  for (const { partitions } of topics) for (const { records } of partitions) for (const bytes of records ?? []) await loadCodecsOf(bytes);
}

/**
 * What came of a partition, by answered piece; their codecs are loaded. The error of a batch that cannot be read names the
 * partition.
 *
 * @param positionOf the offset that was asked for
 */
export function batchesOf(
  place: TopicPartition,
  { records, highWatermark, abortedTransactions }: AnsweredPartition,
  positionOf: (place: TopicPartition) => number,
  limits: ExpansionLimits,
): FetchedBatches[] {
  const range = () => ({ position: positionOf(place), end: highWatermark });
  const explain = (offset: number, cause: Error) => new UnreadableBatchError(place, offset, cause);
  return (records ?? []).map((bytes) => {
    const { visible, nextOffset } = readFetched(bytes, abortedTransactions ?? [], range, limits);
    return { visible: visible.map((batch) => named(batch, explain)), nextOffset };
  });
}

type Batch = FetchedBatches['visible'][number];

function named(batch: Batch, explain: (offset: number, cause: Error) => Error): Batch {
  if (batch.unreadable === undefined) return { ...batch, explain };
  const { error, records } = batch.unreadable;
  return { ...batch, unreadable: { error: explain(batch.firstOffset, error), records } };
}
