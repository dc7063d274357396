import { offsetFetch } from '../../wire/apis/group.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../wire/apis/transaction.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { CommittedOffset, GroupMembership, TopicPartition } from '../client.ts';
import { byTopic } from '../partitions.ts';
import type { Broker } from './cluster.ts';
import { codeError } from './errors.ts';
import { request } from './request.ts';

/**
 * The requests of a transaction, one function each, without retries: every one rejects with a `KafkaError` that has the
 * broker's code, and the caller decides. The order of a transaction is InitProducerId, AddPartitionsToTxn, Produce,
 * AddOffsetsToTxn, TxnOffsetCommit, EndTxn (KIP-98, KIP-447).
 */

/** Who writes: a newer epoch fences an older one of the same id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface TransactionOwner extends ProducerIdentity {
  readonly transactionalId: string;
}

/**
 * InitProducerId to the transaction's coordinator: fences other producers of the id, and ends what they left open.
 *
 * @param previous the caller's own identity, to go on with its next epoch (KIP-360)
 */
export async function initTransactions(
  coordinator: Broker,
  transactionalId: string,
  transactionTimeoutMs: number,
  previous: ProducerIdentity = { producerId: -1, producerEpoch: -1 },
): Promise<TransactionOwner> {
  const answer = await request(coordinator, initProducerId, { transactionalId, transactionTimeoutMs, ...previous }, { oldest: 3 });
  failIf(answer.errorCode, `opening transactions of "${transactionalId}"`);
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** InitProducerId without a transactional id, of any broker: an idempotent producer. */
export async function initIdempotence(broker: Broker): Promise<ProducerIdentity> {
  const { errorCode, producerId, producerEpoch } = await request(broker, initProducerId, {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
  });
  failIf(errorCode, 'asking for a producer id');
  return { producerId, producerEpoch };
}

/** AddPartitionsToTxn to the transaction's coordinator: all of the partitions or none. Comes before records are written there. */
export async function addPartitions(coordinator: Broker, owner: TransactionOwner, partitions: readonly TopicPartition[]): Promise<void> {
  const topics = byTopic(partitions, ({ partition }) => partition).map(({ topic, partitions: indexes }) => ({
    name: topic,
    partitions: indexes,
  }));
  const answer = await request(coordinator, addPartitionsToTxn, { ...owner, topics });
  failIfRefused(answer.topics, `adding partitions to the transaction of "${owner.transactionalId}"`);
}

/** AddOffsetsToTxn to the transaction's coordinator: the group's offsets are part of the transaction. */
export async function addOffsets(coordinator: Broker, owner: TransactionOwner, groupId: string): Promise<void> {
  const { errorCode } = await request(coordinator, addOffsetsToTxn, { ...owner, groupId });
  failIf(errorCode, `adding group "${groupId}" to the transaction of "${owner.transactionalId}"`);
}

/** TxnOffsetCommit to the group's coordinator: committed when the transaction is, under the member's generation. */
export async function commitOffsets(
  coordinator: Broker,
  owner: TransactionOwner,
  member: GroupMembership,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({ index: partition, offset, metadata }));
  const message = { ...owner, ...member, topics: topics.map(({ topic, partitions }) => ({ name: topic, partitions })) };
  const answer = await request(coordinator, txnOffsetCommit, message, { oldest: 3 });
  failIfRefused(answer.topics, `committing offsets of group "${member.groupId}" in the transaction of "${owner.transactionalId}"`);
}

/** EndTxn to the transaction's coordinator: resolves when the outcome is decided; its markers follow. */
export async function endTransaction(coordinator: Broker, owner: TransactionOwner, outcome: 'commit' | 'abort'): Promise<void> {
  const { errorCode } = await request(coordinator, endTxn, { ...owner, isCommitted: outcome === 'commit' });
  failIf(errorCode, `ending the transaction of "${owner.transactionalId}" (${outcome})`);
}

/**
 * OffsetFetch with stable reads to the group's coordinator.
 *
 * @throws KafkaError (rejects) `UNSTABLE_OFFSET_COMMIT`, retryable, while a transaction holds an offset of the partitions
 */
export async function stableOffsets(
  coordinator: Broker,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<CommittedOffset[]> {
  const topics = byTopic(partitions, ({ partition }) => partition).map(({ topic, partitions: indexes }) => ({
    name: topic,
    partitions: indexes,
  }));
  // Version 8 asks for several groups at once.
  const message = { groupId, topics, groups: [], requireStable: true };
  const answer = await request(coordinator, offsetFetch, message, { oldest: 7, newest: 7 });
  failIf(answer.errorCode, `reading the stable offsets of group "${groupId}"`);
  failIfRefused(answer.topics, `reading the stable offsets of group "${groupId}"`);
  return answer.topics.flatMap(({ name, partitions: found }) =>
    found.map(({ index, offset, metadata }) => ({ topic: name, partition: index, offset, metadata: metadata || null })),
  );
}

interface AnsweredTopic {
  readonly name: string;
  readonly partitions: ReadonlyArray<{ readonly index: number; readonly errorCode: number }>;
}

/** @throws KafkaError for the first partition that was refused for a reason of its own */
function failIfRefused(topics: readonly AnsweredTopic[], doing: string): void {
  const refused = topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ errorCode }) => errorCode !== ErrorCode.NONE)
      .map(({ index, errorCode }) => ({ topic: name, partition: index, errorCode })),
  );
  // Partitions that were not tried because of another one do not say why.
  const first = refused.find(({ errorCode }) => errorCode !== ErrorCode.OPERATION_NOT_ATTEMPTED) ?? refused[0];
  if (first !== undefined) failIf(first.errorCode, doing, { topic: first.topic, partition: first.partition });
}

function failIf(errorCode: number, doing: string, place: Partial<TopicPartition> = {}): void {
  if (errorCode !== ErrorCode.NONE) throw codeError(errorName(errorCode), doing, place);
}
