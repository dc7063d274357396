import type { Marker } from '../../wire/control-batch.ts';
import { Refusal } from '../../wire/error-code.ts';
import { type BatchHeader, isTransactional } from '../../wire/record-batch.ts';
import type { ProducerMemory } from '../log/partition-log.ts';
import { isSavedTransaction, PartitionTransactions } from './partition-transactions.ts';

/** As Kafka: an idempotent producer has at most five requests in flight, so five batches are remembered. */
const REMEMBERED = 5;
const SEQUENCES = 2_147_483_648;

interface SeenBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  /** The latest of its records, milliseconds since 1970. */
  readonly timestamp: number;
}

interface Producer {
  epoch: number;
  /** Oldest first. */
  batches: SeenBatch[];
  /** Milliseconds since 1970. */
  lastSeen: number;
  /** Of the last record or marker, milliseconds since 1970. */
  lastTimestamp: number;
  /** Has a transaction of it ended here? */
  hasMarker: boolean;
}

/** As DescribeProducers lists it. */
export interface ProducerStanding {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  readonly transactionStartOffset: number;
}

type SavedProducer = readonly [
  id: number,
  epoch: number,
  batches: readonly (readonly [firstSequence: number, lastSequence: number, baseOffset: number, timestamp?: number])[],
  lastTimestamp?: number,
  hasMarker?: boolean,
];

/** What one partition knows of the idempotent and transactional producers that write to it. */
export class ProducerState implements ProducerMemory {
  readonly transactions = new PartitionTransactions();
  readonly #producers = new Map<number, Producer>();

  /**
   * Decides about a batch before it is appended.
   *
   * @returns the first copy when this is a repetition, else undefined
   * @throws Refusal INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE
   */
  check(batch: BatchHeader): SeenBatch | undefined {
    const known = this.#producers.get(batch.producerId);
    if (known === undefined) return undefined;
    if (batch.producerEpoch < known.epoch) {
      throw new Refusal(
        'INVALID_PRODUCER_EPOCH',
        `epoch ${batch.producerEpoch} of producer ${batch.producerId} is older than ${known.epoch}`,
      );
    }
    if (batch.producerEpoch > known.epoch) {
      if (batch.baseSequence === 0) return undefined;
      throw outOfOrder(batch, 0);
    }
    const last = lastSequenceOf(batch);
    const copy = known.batches.find((seen) => seen.firstSequence === batch.baseSequence && seen.lastSequence === last);
    if (copy !== undefined) return copy;
    const expected = nextSequence(known);
    if (batch.baseSequence !== expected) throw outOfOrder(batch, expected);
    if (!isTransactional(batch) && this.transactions.isOpen(batch.producerId)) {
      throw new Refusal('INVALID_TXN_STATE', `producer ${batch.producerId} has a transaction open, and this batch is not part of it`);
    }
    return undefined;
  }

  /** Remembers a batch that was appended at `baseOffset`. */
  record(batch: BatchHeader, baseOffset: number, now: number, marker?: Marker): void {
    const { producerId: id, producerEpoch: epoch, maxTimestamp: lastTimestamp } = batch;
    const known = this.#producers.get(id);
    const earlier = known?.epoch === epoch ? known.batches : [];
    const hasMarker = known?.hasMarker ?? false;
    if (marker !== undefined) {
      this.transactions.end(id, baseOffset, marker.isCommit);
      this.#producers.set(id, { epoch, batches: earlier, lastSeen: now, lastTimestamp, hasMarker: true });
      return;
    }
    if (isTransactional(batch)) this.transactions.extend(id, baseOffset);
    const seen = { firstSequence: batch.baseSequence, lastSequence: lastSequenceOf(batch), baseOffset, timestamp: lastTimestamp };
    this.#producers.set(id, { epoch, batches: [...earlier, seen].slice(-REMEMBERED), lastSeen: now, lastTimestamp, hasMarker });
  }

  /** The newest epoch of the producer here; -1 when nothing is known of it. */
  epochOf(producerId: number): number {
    return this.#producers.get(producerId)?.epoch ?? -1;
  }

  standings(): ProducerStanding[] {
    return [...this.#producers].map(([producerId, { epoch, batches, lastTimestamp, hasMarker }]) => ({
      producerId,
      producerEpoch: epoch,
      lastSequence: batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp,
      coordinatorEpoch: hasMarker ? 0 : -1,
      transactionStartOffset: this.transactions.startOf(producerId),
    }));
  }

  /** -1 without one. */
  get highestId(): number {
    let highest = -1;
    for (const id of this.#producers.keys()) highest = Math.max(highest, id);
    return highest;
  }

  save(): readonly unknown[] {
    const producers = [...this.#producers].map(
      ([id, { epoch, batches, lastTimestamp, hasMarker }]): SavedProducer => [
        id,
        epoch,
        batches.map((seen) => [seen.firstSequence, seen.lastSequence, seen.baseOffset, seen.timestamp] as const),
        lastTimestamp,
        hasMarker,
      ],
    );
    return [...producers, ...this.transactions.save()];
  }

  restore(saved: readonly unknown[], now: number): void {
    this.#producers.clear();
    this.transactions.restore(saved.filter(isSavedTransaction));
    for (const one of saved.filter((other) => !isSavedTransaction(other))) {
      const [id, epoch, batches, lastTimestamp = -1, hasMarker = false] = one as SavedProducer;
      const seen = batches.map(([firstSequence, lastSequence, baseOffset, timestamp = -1]) => ({
        firstSequence,
        lastSequence,
        baseOffset,
        timestamp,
      }));
      this.#producers.set(id, { epoch, batches: seen, lastSeen: now, lastTimestamp, hasMarker });
    }
  }

  /** A producer of which nothing is left is taken for a new one, as Kafka takes one whose records are gone. */
  forgetFrom(offset: number): void {
    this.transactions.forgetFrom(offset);
    for (const [id, producer] of this.#producers) {
      producer.batches = producer.batches.filter(({ baseOffset }) => baseOffset < offset);
      if (producer.batches.length === 0 && !producer.hasMarker) this.#producers.delete(id);
    }
  }

  /** Forgets producers that have written nothing since `time`. */
  expireBefore(time: number): void {
    for (const [id, { lastSeen }] of this.#producers) if (lastSeen < time && !this.transactions.isOpen(id)) this.#producers.delete(id);
  }
}

/** Sequences run from 0 to 2^31 - 1 and start again at 0. */
function lastSequenceOf(batch: BatchHeader): number {
  return (batch.baseSequence + batch.lastOffsetDelta) % SEQUENCES;
}

function nextSequence(producer: Producer): number {
  const last = producer.batches.at(-1);
  return last === undefined ? 0 : (last.lastSequence + 1) % SEQUENCES;
}

function outOfOrder(batch: BatchHeader, expected: number): Refusal {
  return new Refusal(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `producer ${batch.producerId} sent sequence ${batch.baseSequence}, expected ${expected}`,
  );
}
