import { backoff, sleep } from '../../timing/index.ts';
import type { Broker, Cluster } from './cluster.ts';
import { type CoordinatorKind, coordinatorOf } from './coordinators.ts';
import { toKafkaError } from './errors.ts';

/** How long a request is repeated while the broker says that its time has not come. */
const PATIENCE_MS = 20_000;
/** A broker that has just started does not know all topics yet. */
const UNKNOWN_TOPIC_MS = 4_000;
/** The markers of the transaction before are under way, which takes milliseconds. */
const CONCURRENT_PAUSE_MS = 7;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

/** Requests to the broker that coordinates one group or transactional id. It is looked up once, and again when it has moved. */
export class CoordinatorCalls {
  readonly #cluster: Cluster;
  readonly #kind: CoordinatorKind;
  readonly #key: string;
  #broker: Broker | undefined;

  constructor(cluster: Cluster, kind: CoordinatorKind, key: string) {
    this.#cluster = cluster;
    this.#kind = kind;
    this.#key = key;
  }

  /**
   * Repeats a request while its failure is transient, within bounds.
   *
   * @param doing what is tried, as a clause, for errors of the client
   * @throws KafkaError (rejects)
   */
  async ask<T>(doing: string, call: (coordinator: Broker) => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
    const startedAt = Date.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(await this.#coordinator());
      } catch (cause) {
        const error = toKafkaError(cause, doing);
        const { kafkaCode, reason } = error;
        const isUnknownTopic = kafkaCode === 'UNKNOWN_TOPIC_OR_PARTITION';
        const waitedMs = Date.now() - startedAt;
        if (waitedMs > (isUnknownTopic ? Math.min(patienceMs, UNKNOWN_TOPIC_MS) : patienceMs)) throw error;
        if (reason !== 'retry' && !isUnknownTopic) throw error;
        if (kafkaCode !== 'CONCURRENT_TRANSACTIONS') this.#broker = undefined;
        await sleep(kafkaCode === 'CONCURRENT_TRANSACTIONS' ? CONCURRENT_PAUSE_MS : backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS));
      }
    }
  }

  async #coordinator(): Promise<Broker> {
    if (this.#broker !== undefined && !this.#broker.isConnected()) this.#broker = undefined;
    this.#broker ??= await coordinatorOf(this.#cluster, this.#kind, this.#key);
    return this.#broker;
  }
}
