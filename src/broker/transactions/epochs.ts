import { Refusal } from '../../wire/error-code.ts';
import { isExhausted, type Transaction } from './transaction.ts';

/** Who a client says it is, when it asks for its epoch to be raised (KIP-360). */
export interface ExpectedProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/**
 * The id and epoch for a producer that begins, or begins again, while no transaction is under way. A producer that does not say which
 * epoch it has fences the one before; one that does must have the current epoch, or the one before if the answer was lost.
 *
 * @param newProducerId gives an id that nobody has
 * @throws Refusal PRODUCER_FENCED
 */
export function nextEpoch(known: Transaction, expected: ExpectedProducer | undefined, newProducerId: () => number): Transaction {
  const { epoch, lastEpoch } = known;
  if (isExhausted(epoch) && (expected === undefined || expected.producerEpoch === epoch)) {
    const lastProducerId = known.producerId;
    return { ...known, producerId: newProducerId(), epoch: 0, lastEpoch: expected === undefined ? -1 : epoch, lastProducerId };
  }
  if (expected === undefined) return { ...known, epoch: epoch + 1, lastEpoch: -1 };
  if (epoch === -1 || expected.producerEpoch === epoch) return { ...known, epoch: epoch + 1, lastEpoch: epoch };
  if (expected.producerEpoch === lastEpoch) return known;
  throw fenced(`epoch ${expected.producerEpoch} of producer ${known.producerId} is not the current ${epoch}`);
}

/** @throws Refusal PRODUCER_FENCED */
export function checkExpected(known: Transaction, expected: ExpectedProducer): void {
  if (known.epoch === -1 || expected.producerId === known.producerId) return;
  if (expected.producerId === known.lastProducerId && isExhausted(expected.producerEpoch)) return;
  throw fenced(`${known.id} belongs to producer ${known.producerId}, not to ${expected.producerId}`);
}

/** Raised beyond every epoch that an owner was given, so that the owner's epoch is not current any more. */
export function fencingEpoch({ epoch }: Transaction): number {
  return Math.min(epoch + 1, 32_767);
}

export function fenced(message: string): Refusal {
  return new Refusal('PRODUCER_FENCED', message);
}
