import type { Consumer } from 'kafkajs';
import { type Deferred, deferred, sleep, within } from '../../timing/index.ts';
import type { KafkaClientOptions } from '../client.ts';
import type { Broker, Cluster } from './cluster.ts';
import { fetchByWire } from './fetch.ts';

/** How long an idle fetch waits to be woken, before it goes on to heartbeat. */
const IDLE_MS = 1_000;

/** The fetches of one consumer: they go through our tables, wait while nothing is to be fetched, and can be awaited. */
export class Fetches {
  readonly #maxBatchBytes: KafkaClientOptions['maxBatchBytes'];
  readonly #isIdle: () => boolean;
  readonly #underWay = new Map<number | string, Deferred<void>>();
  readonly #wired = new WeakSet<Broker>();
  #wake = new AbortController();

  /** @param isIdle true if nothing can be fetched at present, so that the next fetch may as well wait for `wake` */
  constructor(maxBatchBytes: KafkaClientOptions['maxBatchBytes'], isIdle: () => boolean) {
    this.#maxBatchBytes = maxBatchBytes;
    this.#isIdle = isIdle;
  }

  /** kafkajs sleeps for `maxWaitMs` when all is paused, and cannot be woken; each fetch begins with this call, which can. */
  hook(cluster: Cluster): void {
    const refresh = cluster.refreshMetadataIfNecessary.bind(cluster);
    cluster.refreshMetadataIfNecessary = async () => {
      if (this.#isIdle()) await sleep(IDLE_MS, this.#wake.signal);
      await refresh();
    };
    const find = cluster.findBroker.bind(cluster);
    cluster.findBroker = async (node) => {
      const broker = await find(node);
      if (!this.#wired.has(broker)) fetchByWire(broker, this.#maxBatchBytes);
      this.#wired.add(broker);
      return broker;
    };
  }

  watch(consumer: Consumer): void {
    const { FETCH_START, FETCH, REBALANCING } = consumer.events;
    consumer.on(FETCH_START, ({ payload: { nodeId } }) => {
      this.#underWay.get(nodeId)?.resolve();
      this.#underWay.set(nodeId, deferred<void>());
    });
    consumer.on(FETCH, ({ payload: { nodeId } }) => {
      this.#underWay.get(nodeId)?.resolve();
      this.#underWay.delete(nodeId);
    });
    consumer.on(REBALANCING, () => this.#underWay.clear());
  }

  /** Ends the wait of idle fetches. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  /**
   * Settles when the fetches that are under way at the time of the call have ended. After a join, what they bring belongs to
   * the generation before.
   */
  async settle(maxWaitMs: number): Promise<void> {
    await within(Promise.all([...this.#underWay.values()].map(({ promise }) => promise)), IDLE_MS + maxWaitMs);
  }
}
