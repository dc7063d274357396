import type { Request } from '../../wire/api.ts';
import * as tables from '../../wire/apis/transaction.ts';
import { ErrorCode, type ErrorNumber, Refusal } from '../../wire/error-code.ts';
import { isUnderWay, TRANSACTION_STATES, type Transaction } from '../transactions/transaction.ts';
import { type Context, durableOutcome, failureOf, handler, serve } from './handler.ts';
import { checkCoordinator } from './membership.ts';

const INIT_PRODUCER_ID = serve(tables.initProducerId, [0, 4], ['`limits.transactionalIds` transactional ids']);
const ADD_PARTITIONS = serve(tables.addPartitionsToTxn, [0, 3], ['one transaction']);
const ADD_OFFSETS = serve(tables.addOffsetsToTxn, [0, 3]);
const END_TXN = serve(tables.endTxn, [0, 3]);
const DESCRIBE_TRANSACTIONS = serve(tables.describeTransactions, [0, 0]);
const LIST_TRANSACTIONS = serve(tables.listTransactions, [0, 1], ['each node lists the transactional ids that it coordinates']);
const DESCRIBE_PRODUCERS = serve(tables.describeProducers, [0, 0]);

/** Clients of older versions know fencing by another name (KIP-588). */
const FENCED_SINCE = { InitProducerId: 4, others: 2 } as const;

export const handleInitProducerId = handler(INIT_PRODUCER_ID, async (request, context) => {
  const { cluster, version } = context;
  const { transactionalId } = request;
  try {
    const given = transactionalId === null ? newProducer(context) : initTransactional(transactionalId, request, context);
    await cluster.journal.flushed();
    return { errorCode: ErrorCode.NONE, ...given };
  } catch (error) {
    return { errorCode: errorCodeOf(error, version >= FENCED_SINCE.InitProducerId) };
  }
});

type Opening = Request<typeof tables.initProducerId>;

function initTransactional(id: string, { transactionTimeoutMs, producerId, producerEpoch }: Opening, context: Context) {
  if (id !== '') checkCoordinator(context, id);
  if ((producerId === -1) !== (producerEpoch === -1))
    throw new Refusal('INVALID_REQUEST', 'a producer id needs its epoch, and an epoch its id');
  const expected = producerId === -1 ? undefined : { producerId, producerEpoch };
  const { producerId: given, epoch } = context.cluster.transactions.init(id, transactionTimeoutMs, expected);
  return { producerId: given, producerEpoch: epoch };
}

function newProducer({ cluster }: Context) {
  return { producerId: cluster.producerIds.next(), producerEpoch: 0 };
}

/** All of the partitions, or none. */
export const handleAddPartitionsToTxn = handler(ADD_PARTITIONS, async (request, context) => {
  const wanted = request.topics.flatMap(({ name, partitions }) => partitions.map((index) => [name, index] as const));
  const isThere = ([name, index]: readonly [string, number]) => context.cluster.topics.get(name)?.partitions[index] !== undefined;
  const areThere = wanted.every(isThere);
  const errorCode = areThere
    ? await outcome(context, request, () => context.cluster.transactions.addPartitions(request, wanted))
    : ErrorCode.OPERATION_NOT_ATTEMPTED;
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => ({
        index,
        errorCode: isThere([name, index]) ? errorCode : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    })),
  };
});

export const handleAddOffsetsToTxn = handler(ADD_OFFSETS, async (request, context) => ({
  errorCode: await outcome(context, request, () => context.cluster.transactions.addGroup(request, request.groupId)),
}));

export const handleEndTxn = handler(END_TXN, async (request, context) => ({
  errorCode: await outcome(context, request, () => context.cluster.transactions.end(request, request.isCommitted)),
}));

/** @returns the error code of a change, when it is as durable as the storage promises */
async function outcome(context: Context, { transactionalId }: { transactionalId: string }, change: () => void): Promise<number> {
  try {
    const { errorCode } = await durableOutcome(context.cluster, () => {
      if (transactionalId !== '') checkCoordinator(context, transactionalId);
      change();
    });
    return answered(errorCode, context.version >= FENCED_SINCE.others);
  } catch (error) {
    return errorCodeOf(error, context.version >= FENCED_SINCE.others);
  }
}

function errorCodeOf(error: unknown, knowsFencing: boolean): ErrorNumber {
  return answered(failureOf(error).errorCode, knowsFencing);
}

/** A failed disk is answered as by Kafka's coordinator: the client looks for the coordinator again, and repeats the request. */
function answered(errorCode: ErrorNumber, knowsFencing: boolean): ErrorNumber {
  if (errorCode === ErrorCode.KAFKA_STORAGE_ERROR) return ErrorCode.NOT_COORDINATOR;
  return errorCode === ErrorCode.PRODUCER_FENCED && !knowsFencing ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}

export const handleDescribeTransactions = handler(DESCRIBE_TRANSACTIONS, ({ transactionalIds }, context) => ({
  transactions: transactionalIds.map((id) => {
    try {
      if (id === '') throw new Refusal('INVALID_REQUEST', 'a transactional id must not be empty');
      checkCoordinator(context, id);
      const known = context.cluster.transactions.get(id);
      if (known === undefined) throw new Refusal('TRANSACTIONAL_ID_NOT_FOUND', `there is no transactional id ${id}`);
      return describe(known);
    } catch (error) {
      const nothing = { state: '', timeoutMs: 0, startTimeMs: 0, producerId: 0, producerEpoch: 0, topics: [] };
      return { errorCode: failureOf(error).errorCode, transactionalId: id, ...nothing };
    }
  }),
}));

function describe({ id, state, timeoutMs, startedMs, producerId, epoch, partitions }: Transaction) {
  const topics = [...new Set(partitions.map(([topic]) => topic))].map((name) => ({
    name,
    partitions: partitions.filter(([topic]) => topic === name).map(([, index]) => index),
  }));
  const standing = { state, timeoutMs, startTimeMs: startedMs, producerId, producerEpoch: epoch };
  return { errorCode: ErrorCode.NONE, transactionalId: id, ...standing, topics };
}

/** Each node lists the transactional ids that it coordinates; clients ask them all. */
export const handleListTransactions = handler(LIST_TRANSACTIONS, (request, { cluster, node }) => {
  const wanted = cluster.transactions
    .all()
    .filter(({ id }) => cluster.coordinatorOf(id).id === node.id)
    .filter((one) => isWanted(one, request, cluster.clock.now()));
  return {
    errorCode: ErrorCode.NONE,
    unknownStates: request.states.filter((state) => !TRANSACTION_STATES.includes(state)),
    transactions: wanted.map(({ id, producerId, state }) => ({ transactionalId: id, producerId, state })),
  };
});

type Listing = Request<typeof tables.listTransactions>;

function isWanted(one: Transaction, { states, producerIds, durationMs }: Listing, now: number): boolean {
  if (states.length > 0 && !states.includes(one.state)) return false;
  if (producerIds.length > 0 && !producerIds.includes(one.producerId)) return false;
  return durationMs < 0 || (isUnderWay(one) && now - one.startedMs > durationMs);
}

export const handleDescribeProducers = handler(DESCRIBE_PRODUCERS, ({ topics }, { cluster }) => ({
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) => {
      try {
        const producers = cluster.topics.partition(name, index).producerStandings();
        return { index, errorCode: ErrorCode.NONE, producers };
      } catch (error) {
        return { index, ...failureOf(error), producers: [] };
      }
    }),
  })),
}));
