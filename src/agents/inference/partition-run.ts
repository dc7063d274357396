import { StreamerError } from '../../errors.ts';
import { type Deadline, deadline } from '../../timing/index.ts';
import type { Event } from '../../topics/index.ts';
import type { BehaviourRun, Delivery, Inbox } from '../behaviour.ts';
import { Batch, type Entry } from './batch.ts';
import { Expiry } from './expiry.ts';
import type { Caller, ModelCalls } from './model-calls.ts';
import type { Outcome } from './outcome.ts';
import type { InferencePlan } from './plan.ts';
import { askModel } from './question.ts';
import { settle } from './settlement.ts';

// A trial of a half-open breaker polls before its first await, so that a partition without events hands the trial on. While a
// behaviour holds its agent (`waiting`), acknowledgements of earlier outputs do not end the wait.

export interface PartitionPlan<K, V, Row, Answer, Out> extends InferencePlan<Row, Answer> {
  readonly features: (value: V, event: Event<K, V>) => Row;
  readonly result: (value: V, answer: Answer, event: Event<K, V>) => Out;
}

/**
 * One partition of an inference agent. A batch takes its place among the calls in flight before it is collected, so at
 * most `size * inFlight` events are in flight; the rest stays in the inbox, where the runtime counts it. While the model is
 * down nothing is polled at all.
 */
export class PartitionRun<K, V, Row, Answer, Out> implements BehaviourRun, Caller {
  readonly #inbox: Inbox<K, V, Out>;
  readonly #plan: PartitionPlan<K, V, Row, Answer, Out>;
  readonly #calls: ModelCalls<Row, Answer>;
  /** A batch waits for its place in the queue; at most one does. */
  #queued = false;
  /** The batch that collects events; at most one does, so that batches are filled one after the other. */
  #open: Batch<K, V, Row, Out> | undefined;

  constructor(inbox: Inbox<K, V, Out>, plan: PartitionPlan<K, V, Row, Answer, Out>, calls: ModelCalls<Row, Answer>) {
    this.#inbox = inbox;
    this.#plan = plan;
    this.#calls = calls;
    calls.join(this);
  }

  wake(): void {
    if (this.#open !== undefined) this.#open.fill(this.#inbox);
    else this.#enqueue();
  }

  drain(): void {
    this.#open?.complete();
  }

  close(): void {
    this.#calls.leave(this);
    this.#open?.complete();
  }

  freed(): void {
    this.wake();
  }

  waiting(error: unknown): void {
    this.#inbox.waiting(error);
  }

  resumed(): void {
    this.#inbox.resumed();
  }

  #enqueue(): void {
    if (this.#queued || this.#inbox.signal.aborted || !this.#calls.breaker.isFree) return;
    this.#queued = true;
    this.#calls.place(() => this.#turn());
  }

  async #turn(): Promise<void> {
    this.#queued = false;
    const right = this.#inbox.signal.aborted ? undefined : this.#calls.breaker.enter();
    if (right === undefined) return;
    const { size, bytes, waitMs } = this.#plan;
    const batch = new Batch<K, V, Row, Out>({ size: right.isTrial ? 1 : size, bytes }, (delivery) => this.#rowOf(delivery));
    // Without an await before it, so that a trial for which there is no event is free for the next partition at once.
    batch.fill(this.#inbox);
    if (batch.entries.length === 0) {
      this.#calls.breaker.leave(right);
      return;
    }
    if (!right.isTrial) await this.#collect(batch, waitMs);
    this.#enqueue();
    await this.#predict(batch, right.isTrial);
    this.#calls.breaker.leave(right);
    this.#enqueue();
  }

  async #collect(batch: Batch<K, V, Row, Out>, waitMs: number): Promise<void> {
    const { signal } = this.#inbox;
    if (batch.isFull || waitMs === 0 || signal.aborted) return;
    this.#open = batch;
    await batch.filled(waitMs, signal);
    this.#open = undefined;
  }

  async #predict({ entries, startedAt }: Batch<K, V, Row, Out>, isTrial: boolean): Promise<void> {
    const { counters } = this.#calls;
    const limit = this.#limit();
    const expiry = new Expiry(
      entries,
      this.#plan.deadlineMs,
      (from) => this.#calls.breaker.heldSince(from),
      (error) => limit.abort(error),
    );
    const asked = entries.filter(({ isSettled }) => !isSettled);
    counters.batchRows.observe(asked.length);
    counters.batchWait.observe(Date.now() - startedAt);
    try {
      const outcomes = await this.#ask(asked, limit, expiry);
      const isLost = this.#inbox.signal.aborted;
      settle({ entries, outcomes, result: this.#plan.result, isLost, isTrialCut: isTrial && limit.signal.aborted });
    } finally {
      expiry.end();
      limit.end();
    }
  }

  #limit(): Deadline {
    const { timeoutMs, signal } = this.#inbox;
    const reason = () => new StreamerError('TIMEOUT', `no answer within the agent's timeoutMs of ${timeoutMs} ms`, { retryable: true });
    return deadline(signal, timeoutMs, reason);
  }

  async #ask(
    asked: readonly Entry<K, V, Row, Out>[],
    { signal }: Deadline,
    expiry: Expiry,
  ): Promise<Map<Entry<K, V, Row, Out>, Outcome<Answer>>> {
    const { counters } = this.#calls;
    const outcomes = await askModel<Row, Answer>(
      (rows, onVersion) => this.#calls.call(rows, { signal, lost: this.#inbox.signal, onVersion }),
      asked.map(({ question }) => question),
      { signal, leftMs: () => expiry.leftMs(), retried: () => counters.retries.add(), split: () => counters.splits.add() },
    );
    return new Map(asked.flatMap((entry, at) => (outcomes[at] === undefined ? [] : [[entry, outcomes[at]]])));
  }

  #rowOf(delivery: Delivery<K, V, Out>): Row {
    return delivery.within(() => this.#plan.features(delivery.event.value, delivery.event));
  }
}
