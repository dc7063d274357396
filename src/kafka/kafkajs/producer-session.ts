import { KafkaError } from '../../errors.ts';
import { within } from '../../timing/index.ts';
import { type BatchOwner, encodeBatch } from '../../wire/batch-encoder.ts';
import { loadCodec } from '../../wire/compression/codecs.ts';
import { type CompressionName, compressionNumber } from '../../wire/compression/compression.ts';
import { CompressionError } from '../../wire/compression/compression-error.ts';
import { compressBatch } from '../../wire/records.ts';
import type { KafkaClientOptions } from '../client.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { type Batch, headersOf } from './partition-queue.ts';
import { type PartitionAnswer, produceTo } from './produce-call.ts';
import { initIdempotence, type ProducerIdentity, type TransactionOwner } from './transaction-calls.ts';

/** A black-holed broker must not hold a send for longer than the caller was promised. */
const REQUEST_TIMEOUT_MS = 8_000;
const CLOSE_MS = 3_000;

/**
 * One producer id with its sequence numbers, over connections of its own. The broker drops a repeated batch by id, epoch and
 * sequence, so a batch whose fate is unknown may be sent again as it is; but a session in which one was given up must not be
 * used any more: its next batch would carry the same number and be taken for the repeat.
 */
export class ProducerSession {
  readonly #cluster: Cluster;
  readonly #identity: SessionIdentity;
  readonly #sequences = new Map<string, number>();
  readonly #compression: CompressionOf;

  constructor(cluster: Cluster, identity: SessionIdentity, compression: CompressionOf = uncompressed) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#compression = compression;
  }

  static async open(options: KafkaClientOptions): Promise<ProducerSession> {
    const cluster = createCluster(options, { requestTimeout: REQUEST_TIMEOUT_MS });
    try {
      await cluster.connect();
      const broker = await cluster.brokerPool.findConnectedBroker();
      return new ProducerSession(cluster, await initIdempotence(broker), options.compression);
    } catch (error) {
      void within(cluster.disconnect(), CLOSE_MS).catch(() => {});
      throw error;
    }
  }

  /** For records of the transactions of an owner, which is there already. */
  static async ofTransactions(options: KafkaClientOptions, owner: TransactionOwner): Promise<ProducerSession> {
    const cluster = createCluster(options, { requestTimeout: REQUEST_TIMEOUT_MS });
    await cluster.connect();
    return new ProducerSession(cluster, owner, options.compression);
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
    const encoded = await Promise.all(batches.map((batch) => this.#encode(batch)));
    const { transactionalId } = this.#identity;
    return produceTo(broker, encoded, { timeoutMs: REQUEST_TIMEOUT_MS, ...(transactionalId === undefined ? {} : { transactionalId }) });
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

  /** @throws KafkaError (rejects) when a codec cannot be loaded */
  async #encode({ queue: { topic, partition }, records }: Batch) {
    const plain = encodeBatch(records, this.#owner(topic, partition), headersOf);
    return { topic, partition, batch: await compress(plain, this.#compression(topic)) };
  }

  #owner(topic: string, partition: number): BatchOwner {
    const firstSequence = this.#sequences.get(sequenceKey(topic, partition)) ?? 0;
    const { producerId, producerEpoch, transactionalId } = this.#identity;
    return { producerId, producerEpoch, firstSequence, isTransactional: transactionalId !== undefined };
  }
}

/** The producer, and the transactional id if its records belong to transactions. */
type SessionIdentity = ProducerIdentity & { readonly transactionalId?: string };

type CompressionOf = NonNullable<KafkaClientOptions['compression']>;

const uncompressed: CompressionOf = () => 'none';

async function compress(batch: Buffer, name: CompressionName): Promise<Buffer> {
  const compression = compressionNumber(name);
  await loadCodec(compression);
  try {
    return compressBatch(batch, compression);
  } catch (cause) {
    if (!(cause instanceof CompressionError)) throw cause;
    throw new KafkaError('fatal', `a batch could not be compressed: ${cause.message}`, { cause, next: cause.next });
  }
}

const sequenceKey = (topic: string, partition: number): string => `${topic}/${partition}`;
