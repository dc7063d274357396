import type { ProducerMemory } from '../log/partition-log.ts';
import { Refusal } from '../protocol/error-code.ts';
import type { BatchHeader } from '../protocol/record-batch.ts';

/** As Kafka: an idempotent producer has at most five requests in flight, so five batches are remembered. */
const REMEMBERED = 5;
const SEQUENCES = 2_147_483_648;

interface SeenBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface Producer {
  epoch: number;
  /** Oldest first. */
  batches: SeenBatch[];
  /** Milliseconds since 1970. */
  lastSeen: number;
}

type SavedProducer = readonly [
  id: number,
  epoch: number,
  batches: readonly (readonly [firstSequence: number, lastSequence: number, baseOffset: number])[],
];

/** What one partition knows of the idempotent producers that write to it. */
export class ProducerState implements ProducerMemory {
  private readonly producers = new Map<number, Producer>();

  /**
   * Decides about a batch before it is appended.
   *
   * @returns the base offset of the first copy when this is a repetition, else undefined
   * @throws Refusal INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER
   */
  check(batch: BatchHeader): number | undefined {
    const known = this.producers.get(batch.producerId);
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
    if (copy !== undefined) return copy.baseOffset;
    const expected = nextSequence(known);
    if (batch.baseSequence !== expected) throw outOfOrder(batch, expected);
    return undefined;
  }

  /** Remembers a batch that was appended at `baseOffset`. */
  record(batch: BatchHeader, baseOffset: number, now: number): void {
    const known = this.producers.get(batch.producerId);
    const seen: SeenBatch = { firstSequence: batch.baseSequence, lastSequence: lastSequenceOf(batch), baseOffset };
    const earlier = known?.epoch === batch.producerEpoch ? known.batches : [];
    this.producers.set(batch.producerId, { epoch: batch.producerEpoch, batches: [...earlier, seen].slice(-REMEMBERED), lastSeen: now });
  }

  /** -1 without one. */
  get highestId(): number {
    let highest = -1;
    for (const id of this.producers.keys()) highest = Math.max(highest, id);
    return highest;
  }

  save(): readonly SavedProducer[] {
    return [...this.producers].map(([id, { epoch, batches }]) => [
      id,
      epoch,
      batches.map(({ firstSequence, lastSequence, baseOffset }) => [firstSequence, lastSequence, baseOffset] as const),
    ]);
  }

  restore(saved: readonly unknown[], now: number): void {
    this.producers.clear();
    for (const [id, epoch, batches] of saved as readonly SavedProducer[]) {
      const seen = batches.map(([firstSequence, lastSequence, baseOffset]) => ({ firstSequence, lastSequence, baseOffset }));
      this.producers.set(id, { epoch, batches: seen, lastSeen: now });
    }
  }

  /** A producer of which nothing is left is taken for a new one, as Kafka takes one whose records are gone. */
  forgetFrom(offset: number): void {
    for (const [id, producer] of this.producers) {
      producer.batches = producer.batches.filter(({ baseOffset }) => baseOffset < offset);
      if (producer.batches.length === 0) this.producers.delete(id);
    }
  }

  /** Forgets producers that have written nothing since `time`. */
  expireBefore(time: number): void {
    for (const [id, producer] of this.producers) if (producer.lastSeen < time) this.producers.delete(id);
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
