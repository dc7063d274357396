import { sleep, within } from '../../timing/index.ts';
import type { ConsumerSink } from '../client.ts';
import type { GroupConsumer, ResolvedOptions } from './consumer.ts';
import type { Epoch } from './epoch.ts';
import { log } from './log.ts';

const FIRST_HEARTBEAT_MS = 2_000;

/** Tells the owner of a subscription what it gets and what it has to give up, and waits while it finishes its work. */
export class Handover {
  readonly #options: ResolvedOptions;
  readonly #sink: ConsumerSink;
  /** The last `revoking`: no assignment is announced before it has ended. */
  #revoking: Promise<void> = Promise.resolve();

  constructor(options: ResolvedOptions, sink: ConsumerSink) {
    this.#options = options;
    this.#sink = sink;
  }

  /** A `revoking` that never ends delays the next assignment for no longer than a drain may take. */
  async announce(epoch: Epoch): Promise<void> {
    await within(this.#revoking, this.#options.drainTimeoutMs);
    if (epoch.state !== 'assigning') return;
    epoch.isAnnounced = true;
    this.#sink.assigned(epoch.partitions, epoch.number);
  }

  /** Has the owner finish its work while heartbeats go on; the epoch is over afterwards. */
  async drain(epoch: Epoch, consumer: GroupConsumer | undefined): Promise<void> {
    if (epoch.state === 'over') return;
    epoch.draining ??= this.#drain(epoch, consumer);
    await epoch.draining;
  }

  /** The epoch is over without a drain. */
  lose(epoch: Epoch): void {
    if (epoch.state === 'over') return;
    epoch.state = 'over';
    if (!epoch.isAnnounced) return;
    try {
      this.#sink.lost(epoch.partitions, epoch.number);
    } catch (error) {
      log.error('lost failed: {error}', { error });
    }
  }

  async #drain(epoch: Epoch, consumer: GroupConsumer | undefined): Promise<void> {
    epoch.state = 'draining';
    consumer?.pause(epoch.partitions);
    consumer?.wake();
    if (consumer === undefined || (await within(consumer.group.isAlive(epoch.member), FIRST_HEARTBEAT_MS)) === false)
      return this.lose(epoch);
    const over = new AbortController();
    const { drainTimeoutMs: ms } = this.#options;
    const outcome = await Promise.race([
      this.#revoke(epoch, Date.now() + ms).then(() => 'done'),
      this.#untilLost(epoch, consumer, over.signal).then(() => 'lost'),
      sleep(ms, over.signal).then(() => 'late'),
    ]);
    over.abort();
    if (outcome === 'lost') return this.lose(epoch);
    if (outcome === 'late') log.info('the work of epoch {epoch} was not finished within {ms} ms', { epoch: epoch.number, ms });
    epoch.state = 'over';
  }

  async #revoke(epoch: Epoch, deadline: number): Promise<void> {
    await epoch.assigning;
    if (!epoch.isAnnounced) return;
    this.#revoking = this.#sink.revoking(epoch.partitions, epoch.number, deadline).catch((error: unknown) => {
      log.error('revoking failed: {error}', { error });
    });
    await this.#revoking;
  }

  /** kafkajs sends no heartbeat while it waits for the join to go on. */
  async #untilLost(epoch: Epoch, consumer: GroupConsumer, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.heartbeatIntervalMs, signal);
      if (!signal.aborted && !(await consumer.group.isAlive(epoch.member))) return;
    }
  }
}
