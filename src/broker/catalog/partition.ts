import { loadCodecs } from '../../wire/compression/codecs.ts';
import { type Marker, markerBatch } from '../../wire/control-batch.ts';
import { Refusal } from '../../wire/error-code.ts';
import type { RecordBatch } from '../../wire/record-batch.ts';
import type { PartitionLog, ProducerMemory } from '../log/partition-log.ts';
import { acceptBatch } from './accepted-batch.ts';
import type { AbortedTransaction } from './partition-transactions.ts';
import { type ProducerStanding, ProducerState } from './producer-state.ts';
import type { PartitionTopic } from './topic-config.ts';

/** There are no replicas, so leadership never moves. */
export const LEADER_EPOCH = 0;
/** As Kafka's `producer.id.expiration.ms`. */
const PRODUCER_EXPIRATION_MS = 86_400_000;

export interface Appended {
  readonly baseOffset: number;
  /** Milliseconds since 1970 when the topic stamps arrival times, else -1. */
  readonly logAppendTimeMs: number;
  /** Settles when it may be acknowledged, or rejects with a Refusal; undefined when it may be at once. */
  readonly flushed: Promise<void> | undefined;
}

/** One partition: its log, what it knows of producers, and who waits for its next record. */
export class Partition {
  readonly topic: PartitionTopic;
  readonly index: number;
  /** Node id. */
  readonly leader: number;
  readonly log: PartitionLog;
  readonly #producers = new ProducerState();
  readonly #waiting = new Set<() => void>();

  constructor(topic: PartitionTopic, index: number, leader: number, openLog: (producers: ProducerMemory) => PartitionLog) {
    this.topic = topic;
    this.index = index;
    this.leader = leader;
    this.log = openLog(this.#producers);
  }

  get highestProducerId(): number {
    return this.#producers.highestId;
  }

  /**
   * Appends a batch, whose codec and that of the topic were loaded. The caller has checked that its transaction is open.
   *
   * @throws Refusal with Kafka's error for a batch that is not accepted
   */
  append(given: RecordBatch, now: number): Appended {
    const { config } = this.topic;
    const batch = acceptBatch(given, config, now);
    const isIdempotent = batch.producerId >= 0;
    const stampsTime = config.timestampType === 'LogAppendTime';
    const earlier = isIdempotent ? this.#producers.check(batch) : undefined;
    if (earlier !== undefined) return { baseOffset: earlier.baseOffset, logAppendTimeMs: earlier.timestamp, flushed: this.log.flushed() };
    const baseOffset = this.log.append(batch, LEADER_EPOCH);
    if (isIdempotent) this.#producers.record(batch, baseOffset, now);
    if (config.deletesOld && config.retentionBytes >= 0) this.log.enforce({ bytes: config.retentionBytes, ms: -1 }, now);
    return { baseOffset, logAppendTimeMs: stampsTime ? now : -1, flushed: this.#wakeWhenVisible() };
  }

  /**
   * Ends the part of a producer's transaction that is in this partition.
   *
   * @param now milliseconds since 1970
   * @returns settles when the marker is as durable as the storage promises; undefined when it is at once
   * @throws Refusal KAFKA_STORAGE_ERROR
   */
  endTransaction(marker: Marker, now: number): Promise<void> | undefined {
    const batch = markerBatch(marker, now);
    const baseOffset = this.log.append(batch, LEADER_EPOCH);
    this.#producers.record(batch, baseOffset, now, marker);
    return this.#wakeWhenVisible();
  }

  hasOpenTransaction(producerId: number): boolean {
    return this.#producers.transactions.isOpen(producerId);
  }

  /** Producers whose transactions have records here and have not ended, with their epochs. */
  openTransactions(): readonly { readonly producerId: number; readonly producerEpoch: number }[] {
    const { transactions } = this.#producers;
    return transactions.openProducers().map((producerId) => ({ producerId, producerEpoch: this.#producers.epochOf(producerId) }));
  }

  producerStandings(): readonly ProducerStanding[] {
    return this.#producers.standings();
  }

  /** No transaction is open below it: as far as committed records can be read. */
  get lastStableOffset(): number {
    const { startOffset, endOffset } = this.log;
    const first = this.#producers.transactions.firstUnstable(endOffset) ?? endOffset;
    return Math.min(Math.max(first, startOffset), endOffset);
  }

  /** Aborted transactions with records in `[from, to)`. */
  abortedWithin(from: number, to: number): readonly AbortedTransaction[] {
    return this.#producers.transactions.abortedWithin(from, to);
  }

  /** @param upTo no batch that begins there or beyond is read. @throws Refusal OFFSET_OUT_OF_RANGE */
  read(offset: number, maxBytes: number, atLeastOne: boolean, upTo?: number): readonly Buffer[] | Promise<readonly Buffer[]> {
    if (offset < this.log.startOffset || offset > this.log.endOffset) {
      throw new Refusal('OFFSET_OUT_OF_RANGE', `offset ${offset} is not in [${this.log.startOffset}, ${this.log.endOffset}]`);
    }
    return this.log.read(offset, maxBytes, atLeastOne, upTo);
  }

  /** @param offset the new start; -1 for the end of the log. @returns the new start. @throws Refusal OFFSET_OUT_OF_RANGE */
  deleteBefore(offset: number): number {
    const target = offset === -1 ? this.log.endOffset : offset;
    if (target < 0 || target > this.log.endOffset)
      throw new Refusal('OFFSET_OUT_OF_RANGE', `offset ${offset} is beyond ${this.log.endOffset}`);
    this.log.deleteBefore(target);
    this.#producers.transactions.forgetBefore(this.log.startOffset);
    return this.log.startOffset;
  }

  enforceRetention(now: number): void {
    const { retentionBytes, retentionMs, deletesOld } = this.topic.config;
    if (deletesOld) this.log.enforce({ bytes: retentionBytes, ms: retentionMs }, now);
    this.#producers.transactions.forgetBefore(this.log.startOffset);
    this.#producers.expireBefore(now - PRODUCER_EXPIRATION_MS);
  }

  /** Keeps the newest record of each key, where the topic says so. */
  async compact(now: number): Promise<void> {
    const { isCompacted, minCompactionLagMs, maxCompactionLagMs, minDirtyRatio, deleteRetentionMs } = this.topic.config;
    if (!isCompacted) return;
    await loadCodecs();
    const { transactions } = this.#producers;
    await this.log.compact({
      now,
      limitOffset: this.lastStableOffset,
      minLagMs: minCompactionLagMs,
      maxLagMs: maxCompactionLagMs,
      dirtyRatio: minDirtyRatio,
      deleteRetentionMs,
      isAborted: (producerId, offset) => transactions.isAborted(producerId, offset),
    });
  }

  /** Calls `wake` at every append and when the partition is deleted, until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  async close(): Promise<void> {
    this.#wake();
    await this.log.close();
  }

  async delete(): Promise<void> {
    this.#wake();
    await this.log.delete();
  }

  #wakeWhenVisible(): Promise<void> | undefined {
    const flushed = this.log.flushed();
    if (flushed === undefined) this.#wake();
    // The caller of the append gets the failure; nothing waits for a batch that was taken back.
    else
      flushed.then(
        () => this.#wake(),
        () => {},
      );
    return flushed;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
