import { backoff, sleep } from '../../timing/index.ts';
import type { CommittedOffset, GroupMembership, KafkaClientOptions, KafkaProducer, KafkaTransactions, OutputRecord } from '../client.ts';
import { partitionKey } from '../partitions.ts';
import { explainRefusal } from './authorization.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { coordinatorOf } from './coordinators.ts';
import { toKafkaError } from './errors.ts';
import { createProducer } from './producer.ts';
import { ProducerSession } from './producer-session.ts';
import * as calls from './transaction-calls.ts';

/** Kafka's default; a transaction that is open for longer is aborted by the broker. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** How long a request is repeated while the broker says that its time has not come. */
const PATIENCE_MS = 20_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

/**
 * Opens transactions of an id: fences an older producer of the id, and waits until what it left open is aborted, or committed
 * where that was decided.
 */
export async function openTransactions(options: KafkaClientOptions, transactionalId: string): Promise<KafkaTransactions> {
  const cluster = createCluster(options);
  try {
    await cluster.connect();
    const owner = await patiently(async () => {
      const coordinator = await coordinatorOf(cluster, 'transaction', transactionalId);
      return calls.initTransactions(coordinator, transactionalId, TRANSACTION_TIMEOUT_MS);
    });
    const session = () => ProducerSession.ofTransactions(options, owner);
    return new Transactions(cluster, owner, await createProducer(options, session));
  } catch (error) {
    await cluster.disconnect().catch(() => {});
    throw explainRefusal(toKafkaError(error, `opening transactions of "${transactionalId}"`), options, { operation: 'Write' });
  }
}

class Transactions implements KafkaTransactions {
  readonly #cluster: Cluster;
  readonly #owner: calls.TransactionOwner;
  readonly #producer: KafkaProducer;

  constructor(cluster: Cluster, owner: calls.TransactionOwner, producer: KafkaProducer) {
    this.#cluster = cluster;
    this.#owner = owner;
    this.#producer = producer;
  }

  async write(records: readonly OutputRecord[], member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    try {
      await this.#begin(records);
      await this.#producer.send(records);
      await this.#commit(member, offsets);
    } catch (error) {
      await this.#ask((coordinator) => calls.endTransaction(coordinator, this.#owner, 'abort')).catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
    await this.#cluster.disconnect().catch(() => {});
  }

  async #begin(records: readonly OutputRecord[]): Promise<void> {
    const partitions = new Map(records.map(({ topic, partition }) => [partitionKey({ topic, partition }), { topic, partition }]));
    await this.#ask((coordinator) => calls.addPartitions(coordinator, this.#owner, [...partitions.values()]));
  }

  async #commit(member: GroupMembership, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#ask((coordinator) => calls.addOffsets(coordinator, this.#owner, member.groupId));
    await patiently(async () => {
      const coordinator = await coordinatorOf(this.#cluster, 'group', member.groupId);
      await calls.commitOffsets(coordinator, this.#owner, member, offsets);
    });
    await this.#ask((coordinator) => calls.endTransaction(coordinator, this.#owner, 'commit'));
  }

  #ask<T>(call: (coordinator: Awaited<ReturnType<typeof coordinatorOf>>) => Promise<T>): Promise<T> {
    return patiently(async () => call(await coordinatorOf(this.#cluster, 'transaction', this.#owner.transactionalId)));
  }
}

/** Repeats a request while its failure is transient, within bounds: markers of the transaction before may be under way. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      const error = toKafkaError(cause, 'writing a transaction');
      if (error.reason !== 'retry' || Date.now() > deadline) throw error;
      await sleep(backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS));
    }
  }
}
