import { within } from '../../timing/index.ts';
import { produce } from '../../wire/apis/data.ts';
import { initProducerId } from '../../wire/apis/transaction.ts';
import { type BatchOwner, encodeBatch } from '../../wire/batch-encoder.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { KafkaClientOptions } from '../client.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { codeError } from './errors.ts';
import { type Batch, headersOf } from './lane.ts';
import { request } from './request.ts';

/** A black-holed broker must not hold a send for longer than the caller was promised. */
const REQUEST_TIMEOUT_MS = 8_000;
const CLOSE_MS = 3_000;
const ALL_REPLICAS = -1;

/** How one partition's batch fared. */
export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

/**
 * One producer id with its sequence numbers, over connections of its own. The broker drops a repeated batch by id, epoch and
 * sequence, so a batch whose fate is unknown may be sent again as it is; but a session in which one was given up must not be
 * used any more: its next batch would carry the same number and be taken for the repeat.
 */
export class ProducerSession {
  readonly #cluster: Cluster;
  readonly #producerId: number;
  readonly #producerEpoch: number;
  readonly #sequences = new Map<string, number>();

  private constructor(cluster: Cluster, producerId: number, producerEpoch: number) {
    this.#cluster = cluster;
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }

  static async open(options: KafkaClientOptions): Promise<ProducerSession> {
    const cluster = createCluster(options, { requestTimeout: REQUEST_TIMEOUT_MS });
    try {
      await cluster.connect();
      const broker = await cluster.brokerPool.findConnectedBroker();
      const given = await request(broker, initProducerId, { transactionalId: null, transactionTimeoutMs: 60_000 });
      if (given.errorCode !== ErrorCode.NONE) throw codeError(errorName(given.errorCode), 'asking for a producer id');
      return new ProducerSession(cluster, given.producerId, given.producerEpoch);
    } catch (error) {
      void within(cluster.disconnect(), CLOSE_MS).catch(() => {});
      throw error;
    }
  }

  /** Learns where the partitions are; rejects if the topic does not exist or may not be written. */
  async learn(topics: readonly string[]): Promise<void> {
    await this.#cluster.addMultipleTargetTopics([...topics]);
  }

  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata();
  }

  /** Node id of the leader; undefined while the partition is unknown, -1 while it has none. */
  leader(topic: string, partition: number): number | undefined {
    return this.#cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader;
  }

  async produce(nodeId: number, batches: readonly Batch[]): Promise<PartitionAnswer[]> {
    const broker = await this.#cluster.findBroker({ nodeId });
    const topics = this.#encode(batches);
    const wanted = { transactionalId: null, acks: ALL_REPLICAS, timeoutMs: REQUEST_TIMEOUT_MS, topics };
    const answer = await request(broker, produce, wanted);
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ index, errorCode, baseOffset }) => ({ topic: name, partition: index, errorCode, baseOffset })),
    );
  }

  /** The broker has the batch: the next one of the partition carries later numbers. */
  advance(topic: string, partition: number, count: number): void {
    const key = sequenceKey(topic, partition);
    // Sequence numbers go round at 2 ** 31.
    this.#sequences.set(key, ((this.#sequences.get(key) ?? 0) + count) % 2 ** 31);
  }

  async close(): Promise<void> {
    await within(this.#cluster.disconnect(), CLOSE_MS).catch(() => {});
  }

  #encode(batches: readonly Batch[]) {
    const topics = new Map<string, Array<{ index: number; records: Buffer[] }>>();
    for (const { lane, records } of batches) {
      const batch = { index: lane.partition, records: [encodeBatch(records, this.#owner(lane.topic, lane.partition), headersOf)] };
      const partitions = topics.get(lane.topic);
      if (partitions === undefined) topics.set(lane.topic, [batch]);
      else partitions.push(batch);
    }
    return [...topics].map(([name, partitions]) => ({ name, partitions }));
  }

  #owner(topic: string, partition: number): BatchOwner {
    const firstSequence = this.#sequences.get(sequenceKey(topic, partition)) ?? 0;
    return { producerId: this.#producerId, producerEpoch: this.#producerEpoch, firstSequence };
  }
}

const sequenceKey = (topic: string, partition: number): string => `${topic}/${partition}`;
