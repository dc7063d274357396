import { KafkaError, type KafkaReason } from '../../errors.ts';
import type { CommittedOffset, GroupMembership, KafkaClientOptions, KafkaProducer, KafkaTransactions, OutputRecord } from '../client.ts';
import { partitionKey } from '../partitions.ts';
import { TransactionError } from '../transaction-error.ts';
import { explainRefusal } from './authorization.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { CoordinatorCalls } from './coordinator-calls.ts';
import { toKafkaError } from './errors.ts';
import { offsetParts } from './offset-parts.ts';
import { createProducer } from './producer.ts';
import { ProducerSession } from './producer-session.ts';
import * as calls from './transaction-calls.ts';
import { checkTransactionVersions } from './transaction-versions.ts';

/** A transaction that is open for longer is aborted by the broker. Readers of committed records wait for as long when its process dies. */
const FIRST_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 120_000;
/** A request without an answer must not hold a commit for longer than a session lasts. */
const REQUEST_TIMEOUT_MS = 8_000;
const ABORT_PATIENCE_MS = 2_000;

/**
 * What says that the producer, and not the caller's group membership, is no longer current: fenced by a successor, timed out, or
 * out of step. Kafka's producer gives up at some of these; an id that is this process's own is simply opened again.
 */
const PRODUCER_OVER = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_TXN_STATE',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'TRANSACTION_ABORTABLE',
]);

/**
 * Opens transactions of an id: fences an older producer of the id, and waits until what it left open is aborted, or committed
 * where that was decided.
 */
export async function openTransactions(options: KafkaClientOptions, transactionalId: string): Promise<KafkaTransactions> {
  const cluster = createCluster(options, { requestTimeout: REQUEST_TIMEOUT_MS });
  const transactions = new Transactions(cluster, options, transactionalId);
  try {
    await cluster.connect();
    checkTransactionVersions(await cluster.brokerPool.findConnectedBroker());
    await transactions.open();
    return transactions;
  } catch (error) {
    await transactions.close();
    throw explainRefusal(toKafkaError(error, `opening transactions of "${transactionalId}"`), options, { operation: 'Write' });
  }
}

/** Ends what a producer of the id has left open: nothing that it sends is accepted any more, unless it opens the id again. */
export async function fenceTransactions(options: KafkaClientOptions, transactionalId: string): Promise<void> {
  const cluster = createCluster(options, { requestTimeout: REQUEST_TIMEOUT_MS });
  try {
    await cluster.connect();
    await initialised(new CoordinatorCalls(cluster, 'transaction', transactionalId), transactionalId, FIRST_TIMEOUT_MS);
  } catch (error) {
    throw explainRefusal(toKafkaError(error, `fencing "${transactionalId}"`), options, { operation: 'Write' });
  } finally {
    await cluster.disconnect().catch(() => {});
  }
}

function initialised(coordinator: CoordinatorCalls, id: string, timeoutMs: number): Promise<calls.TransactionOwner> {
  return coordinator.ask(`opening transactions of "${id}"`, (broker) => calls.initTransactions(broker, id, timeoutMs));
}

class Transactions implements KafkaTransactions {
  readonly transactionalId: string;
  readonly #cluster: Cluster;
  readonly #options: KafkaClientOptions;
  readonly #coordinator: CoordinatorCalls;
  readonly #groups = new Map<string, CoordinatorCalls>();
  #turn: Promise<void> = Promise.resolve();
  #timeoutMs = FIRST_TIMEOUT_MS;
  /** Undefined when the last transaction did not end in order: the epoch is raised before the next one. */
  #writer: { readonly owner: calls.TransactionOwner; readonly producer: KafkaProducer } | undefined;

  constructor(cluster: Cluster, options: KafkaClientOptions, transactionalId: string) {
    this.#cluster = cluster;
    this.#options = options;
    this.transactionalId = transactionalId;
    this.#coordinator = new CoordinatorCalls(cluster, 'transaction', transactionalId);
  }

  /** A raised epoch aborts what is open, and whatever is still on its way under the old one is refused. */
  async open(): Promise<void> {
    const owner = await initialised(this.#coordinator, this.transactionalId, this.#timeoutMs);
    let isOpened = false;
    // Another session would count from 0 again under the same epoch, and the broker would take its batches for repeats.
    const session = async () => {
      if (isOpened) throw new KafkaError('stale', 'the session of the transaction is over');
      isOpened = true;
      return ProducerSession.ofTransactions(this.#options, owner);
    };
    this.#writer = { owner, producer: await createProducer(this.#options, session) };
  }

  write(records: readonly OutputRecord[], member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#inTurn(() => this.#transaction(records, member, offsets));
  }

  async settle(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#writer === undefined) await this.open();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #transaction(records: readonly OutputRecord[], member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    const startedAt = Date.now();
    try {
      if (this.#writer === undefined) await this.open();
      await this.#write(records, member, offsets);
    } catch (error) {
      await this.#abort();
      throw failureOf(error, 'aborted');
    }
    await this.#commit();
    // A broker that takes long needs a time-out to match (hosted ones take seconds).
    if (Date.now() - startedAt > this.#timeoutMs / 4 && this.#timeoutMs < LONGEST_TIMEOUT_MS) {
      this.#timeoutMs = Math.min(2 * this.#timeoutMs, LONGEST_TIMEOUT_MS);
      await this.#discard();
    }
  }

  async close(): Promise<void> {
    await this.#discard();
    await this.#cluster.disconnect().catch(() => {});
  }

  /** The offsets travel beside the records: each part of the transaction has been announced before it. */
  async #write(records: readonly OutputRecord[], member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    const { owner, producer } = this.#current();
    const partitions = new Map(records.map(({ topic, partition }) => [partitionKey({ topic, partition }), { topic, partition }]));
    if (partitions.size > 0) {
      const added = [...partitions.values()];
      await this.#coordinator.ask('writing a transaction', (broker) => calls.addPartitions(broker, owner, added));
    }
    const results = await Promise.allSettled([
      partitions.size > 0 ? producer.send(records) : undefined,
      this.#writeOffsets(owner, member, offsets),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #writeOffsets(owner: calls.TransactionOwner, member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    const { groupId } = member;
    if (offsets.length === 0) return;
    await this.#coordinator.ask('writing a transaction', (broker) => calls.addOffsets(broker, owner, groupId));
    const group = this.#groups.get(groupId) ?? new CoordinatorCalls(this.#cluster, 'group', groupId);
    this.#groups.set(groupId, group);
    for (const part of offsetParts(offsets)) {
      await group.ask('committing offsets in a transaction', (broker) => calls.commitOffsets(broker, owner, member, part));
    }
  }

  /** Only the first request's answer can say that it was not committed: an earlier one may have been carried out. */
  async #commit(): Promise<void> {
    const { owner } = this.#current();
    let sent = 0;
    try {
      await this.#coordinator.ask('committing a transaction', (broker) => {
        sent++;
        return calls.endTransaction(broker, owner, 'commit');
      });
    } catch (error) {
      await this.#discard();
      const failure = toKafkaError(error, 'committing a transaction');
      const isRefused = sent === 0 || (sent === 1 && failure.kafkaCode !== undefined);
      throw failureOf(failure, isRefused ? 'aborted' : 'unknown');
    }
  }

  /** Frees what readers of committed records wait for. Where that fails, the next transaction does it, or the broker after the time-out. */
  async #abort(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    await this.#coordinator
      .ask('aborting a transaction', (broker) => calls.endTransaction(broker, writer.owner, 'abort'), ABORT_PATIENCE_MS)
      .catch(() => {});
    await this.#discard();
  }

  async #discard(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.producer.close();
  }

  #current() {
    if (this.#writer === undefined) throw new KafkaError('stale', `the transactions of "${this.transactionalId}" are closed`);
    return this.#writer;
  }
}

function failureOf(cause: unknown, outcome: 'aborted' | 'unknown'): TransactionError {
  const error = toKafkaError(cause, 'writing a transaction');
  const { message, place, next, kafkaCode } = error;
  return new TransactionError(outcome, reasonOf(error), message, { ...place, next, kafkaCode, cause: error });
}

function reasonOf({ reason, kafkaCode }: KafkaError): KafkaReason {
  if (kafkaCode !== undefined) return PRODUCER_OVER.has(kafkaCode) ? 'retry' : reason;
  // The session of the producer: a membership that is over is told by a code.
  return reason === 'stale' ? 'retry' : reason;
}
