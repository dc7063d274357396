import { Refusal } from '../../wire/error-code.ts';
import { fenced } from './epochs.ts';
import { isPrepared, type Transaction } from './transaction.ts';

/** Who asks, as the calls of a transaction carry it. */
export interface ProducerClaim {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** @param known what is known of the id. @throws Refusal INVALID_REQUEST, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED */
export function owned(known: Transaction | undefined, { transactionalId, producerId, producerEpoch }: ProducerClaim): Transaction {
  if (transactionalId === '') throw new Refusal('INVALID_REQUEST', 'a transactional id must not be empty');
  if (known?.producerId !== producerId) {
    throw new Refusal('INVALID_PRODUCER_ID_MAPPING', `${transactionalId} does not belong to producer ${producerId}`);
  }
  if (producerEpoch !== known.epoch) throw fenced(`epoch ${producerEpoch} of ${transactionalId} is not the current ${known.epoch}`);
  return known;
}

/** @throws Refusal as `owned`, and CONCURRENT_TRANSACTIONS while the last one is being ended */
export function changeable(known: Transaction | undefined, claim: ProducerClaim): Transaction {
  const transaction = owned(known, claim);
  if (isPrepared(transaction.state)) throw concurrent(transaction);
  return transaction;
}

/** For partitions and groups, whose answers have no error for fencing but the old one. @throws Refusal */
export function ongoing(known: Transaction | undefined, claim: ProducerClaim): Transaction {
  if (known?.producerId === claim.producerId && known.epoch !== claim.producerEpoch) {
    throw new Refusal('INVALID_PRODUCER_EPOCH', `epoch ${claim.producerEpoch} of ${known.id} is not the current ${known.epoch}`);
  }
  const transaction = owned(known, claim);
  if (transaction.state !== 'Ongoing') throw new Refusal('INVALID_TXN_STATE', 'Partition was not added to the transaction');
  return transaction;
}

export function concurrent({ id, state }: Transaction): Refusal {
  return new Refusal('CONCURRENT_TRANSACTIONS', `the transaction of ${id} was in state ${state}`);
}
