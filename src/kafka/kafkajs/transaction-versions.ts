import { KafkaError } from '../../errors.ts';
import type { Api } from '../../wire/api.ts';
import { offsetFetch } from '../../wire/apis/group.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../wire/apis/transaction.ts';
import type { Broker } from './cluster.ts';

/** The requests of a transaction, and the oldest version of each that says what is needed: Kafka 2.5 has them all (KIP-447). */
const NEEDED: ReadonlyArray<readonly [api: Api, version: number]> = [
  [initProducerId, 3],
  [addPartitionsToTxn, 0],
  [addOffsetsToTxn, 0],
  [txnOffsetCommit, 3],
  [endTxn, 0],
  [offsetFetch, 7],
];

/** @throws KafkaError `fatal` that names what the broker lacks */
export function checkTransactionVersions({ versions }: Pick<Broker, 'versions'>): void {
  const missing = NEEDED.filter(([{ key }, version]) => (versions?.[key]?.maxVersion ?? -1) < version);
  if (missing.length === 0) return;
  const names = missing.map(([{ name }, version]) => `${name} ${version}`).join(', ');
  throw new KafkaError('fatal', `the broker has no transactions of the kind that is needed: it lacks ${names}`, {
    kafkaCode: 'UNSUPPORTED_VERSION',
    next: 'Use a broker that has them, such as Apache Kafka from 2.5 on or `streamer broker`.',
  });
}
