import type PQueue from 'p-queue';
import { StreamerError } from '../errors.ts';
import { deadline } from '../models/deadline.ts';
import type { Model } from '../models/index.ts';
import type { Event } from '../topics/index.ts';
import type { BehaviourRun, Delivery, Inbox } from './behaviour.ts';
import { askModel, type Outcome } from './inference-question.ts';

export interface InferencePlan<K, V, Row, Answer, Out> {
  readonly model: Model<Row, Answer>;
  readonly features: (value: V, event: Event<K, V>) => Row;
  readonly result: (value: V, answer: Answer, event: Event<K, V>) => Out;
  readonly size: number;
  readonly waitMs: number;
  readonly timeoutMs: number;
  /** Shared by all partitions of the agent. */
  readonly calls: PQueue;
}

interface Batch<K, V, Out> {
  readonly deliveries: Delivery<K, V, Out>[];
  /** Ends the wait for more. */
  complete(): void;
}

/**
 * One partition of an inference agent. A batch takes its place among the calls in flight before it is collected, so what
 * is in hand never exceeds `size * inFlight`; the rest stays in the inbox, where the runtime counts it.
 */
export class InferenceRun<K, V, Row, Answer, Out> implements BehaviourRun {
  readonly #inbox: Inbox<K, V, Out>;
  readonly #plan: InferencePlan<K, V, Row, Answer, Out>;
  /** Waits for its turn in the queue; at most one does. */
  #queued = false;
  /** Collects; at most one does, so that batches are filled one after the other. */
  #open: Batch<K, V, Out> | undefined;

  constructor(inbox: Inbox<K, V, Out>, plan: InferencePlan<K, V, Row, Answer, Out>) {
    this.#inbox = inbox;
    this.#plan = plan;
  }

  wake(): void {
    if (this.#open !== undefined) this.#fill(this.#open);
    else this.#enqueue();
  }

  close(): void {
    this.#open?.complete();
  }

  #enqueue(): void {
    if (this.#queued || this.#inbox.signal.aborted) return;
    this.#queued = true;
    void this.#plan.calls.add(() => this.#turn());
  }

  async #turn(): Promise<void> {
    this.#queued = false;
    if (this.#inbox.signal.aborted) return;
    const deliveries = await this.#collect();
    if (deliveries.length === 0) return;
    this.#enqueue();
    this.#settle(deliveries, await this.#outcomes(deliveries));
  }

  async #collect(): Promise<Delivery<K, V, Out>[]> {
    const { signal } = this.#inbox;
    let complete = () => {};
    const completed = new Promise<void>((resolve) => (complete = resolve));
    const batch: Batch<K, V, Out> = { deliveries: [], complete };
    this.#fill(batch);
    if (batch.deliveries.length > 0 && batch.deliveries.length < this.#plan.size && this.#plan.waitMs > 0 && !signal.aborted) {
      this.#open = batch;
      const timer = setTimeout(complete, this.#plan.waitMs);
      signal.addEventListener('abort', complete);
      await completed;
      clearTimeout(timer);
      signal.removeEventListener('abort', complete);
      this.#open = undefined;
    }
    return batch.deliveries;
  }

  #fill(batch: Batch<K, V, Out>): void {
    const room = this.#plan.size - batch.deliveries.length;
    if (room > 0) batch.deliveries.push(...this.#inbox.poll(room, { runs: true }));
    if (batch.deliveries.length >= this.#plan.size) batch.complete();
  }

  async #outcomes(deliveries: readonly Delivery<K, V, Out>[]): Promise<Outcome<Answer>[]> {
    const { timeoutMs, signal } = this.#inbox;
    const limit = deadline(
      signal,
      timeoutMs,
      () => new StreamerError('TIMEOUT', `no answer within the agent's timeoutMs of ${timeoutMs} ms`, { retryable: true }),
    );
    try {
      const rows = deliveries.map((delivery) => this.#row(delivery));
      return await askModel(this.#plan.model, rows, { signal: limit.signal, timeoutMs: this.#plan.timeoutMs });
    } finally {
      limit.end();
    }
  }

  #row(delivery: Delivery<K, V, Out>): { row: Row; alone: boolean } | { error: unknown } {
    try {
      const row = delivery.within(() => this.#plan.features(delivery.event.value, delivery.event));
      return { row, alone: delivery.attempt > 1 };
    } catch (error) {
      return { error };
    }
  }

  /** Tells every outcome once, in the order of delivery: behind a failure, what belongs to the same run is given back. */
  #settle(deliveries: readonly Delivery<K, V, Out>[], outcomes: readonly Outcome<Answer>[]): void {
    const failedRuns = new Set<unknown>();
    for (const [at, delivery] of deliveries.entries()) {
      if (this.#inbox.signal.aborted || failedRuns.has(delivery.run)) {
        delivery.release();
        continue;
      }
      const error = this.#publish(delivery, outcomes[at] as Outcome<Answer>);
      if (error === undefined) {
        delivery.done();
        continue;
      }
      failedRuns.add(delivery.run);
      delivery.fail(error.cause);
    }
  }

  #publish(delivery: Delivery<K, V, Out>, outcome: Outcome<Answer>): { cause: unknown } | undefined {
    if ('error' in outcome) return { cause: outcome.error };
    const { value } = delivery.event;
    try {
      delivery.within(() => delivery.emit(this.#plan.result(value, outcome.answer, delivery.event)));
      return undefined;
    } catch (cause) {
      return { cause };
    }
  }
}
