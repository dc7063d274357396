import type { SinkWriter, WriteOutcome } from '../../connect/index.ts';
import { StreamerError } from '../../errors.ts';
import { backoff } from '../../timing/index.ts';
import type { BehaviourRun, Delivery, Inbox } from '../behaviour.ts';
import type { SinkBatch } from './batch.ts';

/** The first and the longest wait after a write that failed because of the outside. */
const DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * One partition of a sink. At most one write is in flight, so the order of offsets is the order of writes; events that come
 * meanwhile stay in the inbox, and fill the next batch.
 */
export class SinkRun<K, V> implements BehaviourRun {
  readonly #inbox: Inbox<K, V, never>;
  readonly #writer: SinkWriter<K, V>;
  readonly #plan: SinkBatch;
  #batch: Delivery<K, V, never>[] = [];
  #isWriting = false;
  #gathering: NodeJS.Timeout | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(inbox: Inbox<K, V, never>, writer: SinkWriter<K, V>, plan: SinkBatch) {
    this.#inbox = inbox;
    this.#writer = writer;
    this.#plan = plan;
  }

  wake(): void {
    if (this.#isWriting || this.#waiting !== undefined || this.#inbox.signal.aborted) return;
    const { size, waitMs } = this.#plan;
    this.#batch.push(...this.#inbox.poll(size - this.#batch.length, { runs: true }));
    if (this.#batch.length === 0) return;
    if (this.#batch.length >= size || waitMs === 0) void this.#write();
    else this.#gathering ??= setTimeout(() => void this.#write(), waitMs);
  }

  drain(): void {
    if (!this.#isWriting && this.#batch.length > 0) void this.#write();
  }

  close(): void {
    clearTimeout(this.#gathering);
    clearTimeout(this.#waiting);
    this.#batch = [];
  }

  async #write(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isWriting = true;
    const batch = this.#batch.sort((one, other) => one.event.offset - other.event.offset);
    this.#batch = [];
    const limit = this.#limit(batch);
    try {
      const outcomes = await this.#writer.write(batch.map(({ event }) => event));
      this.#succeeded();
      if (!limit.isOver) this.#settle(batch, outcomes);
    } catch (error) {
      this.#failed(limit.isOver ? [] : batch, error);
    } finally {
      limit.end();
      this.#isWriting = false;
    }
    this.wake();
  }

  #succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#inbox.resumed();
  }

  /** Nothing was written, and that is no event's fault: all are given back, and polled again after a wait. */
  #failed(batch: readonly Delivery<K, V, never>[], error: unknown): void {
    if (this.#inbox.signal.aborted) return;
    this.#failures++;
    this.#inbox.waiting(error);
    this.#waiting = setTimeout(
      () => {
        this.#waiting = undefined;
        this.wake();
      },
      backoff(this.#failures, DELAY_MS, MAX_DELAY_MS),
    );
    for (const delivery of batch) delivery.release();
  }

  /** Behind a failure all events of the same run are given back, written or not: writing them again changes nothing. */
  #settle(batch: readonly Delivery<K, V, never>[], outcomes: readonly WriteOutcome[]): void {
    const ended = new Set<unknown>();
    for (const [at, delivery] of batch.entries()) {
      const outcome = outcomes[at];
      if (ended.has(delivery.run) || outcome === undefined || outcome.state === 'held') {
        ended.add(delivery.run);
        delivery.release();
      } else if (outcome.state === 'refused') {
        ended.add(delivery.run);
        delivery.fail(outcome.error);
      } else {
        delivery.done();
      }
    }
  }

  /** Past the agent's `timeoutMs` the events fail; the next write still waits for this one to end. */
  #limit(batch: readonly Delivery<K, V, never>[]): { isOver: boolean; end(): void } {
    const { timeoutMs } = this.#inbox;
    const message = `${this.#writer.name}: not written within ${timeoutMs} ms (timeoutMs)`;
    const expire = () => {
      limit.isOver = true;
      for (const delivery of batch) delivery.fail(new StreamerError('TIMEOUT', message, { retryable: true }));
    };
    const timer = timeoutMs > 0 ? setTimeout(expire, timeoutMs) : undefined;
    const limit = { isOver: false, end: () => clearTimeout(timer) };
    return limit;
  }
}
