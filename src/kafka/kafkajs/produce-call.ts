import { produce } from '../../wire/apis/data.ts';
import type { TopicPartition } from '../client.ts';
import { byTopic } from '../partitions.ts';
import type { Broker } from './cluster.ts';
import { request } from './request.ts';

const ALL_REPLICAS = -1;

/** An encoded record batch, and where it goes. */
export interface PartitionBatch extends TopicPartition {
  readonly batch: Buffer;
}

/** How one partition's batch fared. */
export interface PartitionAnswer extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: number;
}

export interface ProduceOptions {
  readonly timeoutMs: number;
  /** Of the transaction that the batches belong to. @default none */
  readonly transactionalId?: string;
}

/** Writes batches to the leader of their partitions, and resolves when all in-sync replicas have them. */
export async function produceTo(
  leader: Broker,
  batches: readonly PartitionBatch[],
  { timeoutMs, transactionalId }: ProduceOptions,
): Promise<PartitionAnswer[]> {
  const topics = byTopic(batches, ({ partition, batch }) => ({ index: partition, records: [batch] }));
  const answer = await request(leader, produce, {
    transactionalId: transactionalId ?? null,
    acks: ALL_REPLICAS,
    timeoutMs,
    topics: topics.map(({ topic, partitions }) => ({ name: topic, partitions })),
  });
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index, errorCode, baseOffset }) => ({ topic: name, partition: index, errorCode, baseOffset })),
  );
}
