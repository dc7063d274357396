import PQueue from 'p-queue';
import { messageOf, StreamerError } from '../../errors.ts';
import type { Model } from '../../models/index.ts';
import { isFailed, ModelError } from '../../models/model-error.ts';
import { Telemetry } from '../../observe/index.ts';
import { isUnavailable } from '../../outage.ts';
import { Breaker } from './breaker.ts';
import { type CallOutcome, InferenceCounters } from './counters.ts';
import { outcomesOf, retryAfterOf } from './outcome.ts';
import type { InferencePlan } from './plan.ts';
import { Rate } from './rate.ts';
import { unhealthy, warmUp } from './readiness.ts';
import type { InferenceStats } from './stats.ts';

/** One partition that makes calls. */
export interface Caller {
  /** Calls may start again. */
  freed(): void;
  waiting(error: unknown): void;
  resumed(): void;
}

export interface CallOptions {
  /** Aborted when the answer is no longer needed, for any reason. */
  readonly signal: AbortSignal;
  /** Aborted when the partition is lost: then the end of the call says nothing about the model. */
  readonly lost: AbortSignal;
  /** Called with the version of the model that answers, where it is known. */
  readonly onVersion?: ((version: string) => void) | undefined;
}

/** The parts that all partitions of an inference agent share in one worker: places, rate, breaker and counters. */
export class ModelCalls<Row, Answer> {
  readonly breaker: Breaker;
  readonly #plan: InferencePlan<Row, Answer>;
  readonly #places: PQueue;
  readonly #rate: Rate | undefined;
  readonly #callers = new Set<Caller>();
  /** Of nobody's worker before the start. */
  #counters = new InferenceCounters('', new Telemetry());
  #stopping = new AbortController();

  constructor(plan: InferencePlan<Row, Answer>) {
    this.#plan = plan;
    this.#places = new PQueue({ concurrency: plan.inFlight });
    this.#rate = plan.rate === undefined ? undefined : new Rate(plan.rate);
    this.breaker = new Breaker(plan.breaker, {
      opened: (error) => this.#each((caller) => caller.waiting(error)),
      closed: () => this.#each((caller) => caller.resumed()),
      freed: () => this.#each((caller) => caller.freed()),
      probe: () => void this.#probe(),
    });
  }

  get counters(): InferenceCounters {
    return this.#counters;
  }

  get #model(): Model<Row, Answer> {
    return this.#plan.model;
  }

  /** Runs before the first record: checks the model's health, then asks about the warm-up row. A model that is down is waited for later. */
  async start(agent: string, telemetry: Telemetry): Promise<void> {
    this.#counters = new InferenceCounters(agent, telemetry);
    this.#stopping = new AbortController();
    this.breaker.reset();
    await this.#model.start?.();
    const error = await this.#unready();
    if (error !== undefined) this.breaker.trip(error);
    else if (this.#plan.warmUp === true) this.breaker.admit();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new StreamerError('LOST', 'the worker is stopping'));
    this.breaker.reset();
    await this.#places.onIdle();
    await this.#model.close?.();
  }

  join(caller: Caller): void {
    this.#callers.add(caller);
    const { reason } = this.breaker;
    if (reason === undefined) caller.resumed();
    else caller.waiting(reason);
  }

  leave(caller: Caller): void {
    this.#callers.delete(caller);
  }

  /** Runs work that makes calls, once a place is free. */
  place(work: () => Promise<void>): void {
    void this.#places.add(work);
  }

  async call(rows: readonly Row[], { signal, lost, onVersion }: CallOptions): Promise<readonly Answer[]> {
    if (this.#rate !== undefined) await this.#rate.pass(rows.length, signal);
    if (this.breaker.state === 'open') throw this.#heldBack();
    const startedAt = Date.now();
    const { counters } = this;
    let outcome: CallOutcome = 'answered';
    counters.began();
    try {
      const answers = await this.#ask(rows, signal, onVersion);
      counters.rows.add(rows.length);
      this.breaker.answered();
      return answers;
    } catch (error) {
      outcome = lost.aborted ? 'lost' : this.#failed(error, startedAt, signal);
      throw error;
    } finally {
      counters.ended(outcome, Date.now() - startedAt);
    }
  }

  stats(): InferenceStats {
    const { state, opened, openSince, reason } = this.breaker;
    return this.counters.stats({
      state,
      opened,
      ...(openSince === undefined ? {} : { openSince }),
      ...(reason === undefined ? {} : { reason: messageOf(reason) }),
    });
  }

  /** Returns the error for rows that were collected, or are asked in parts, while the model went down. */
  #heldBack(): ModelError {
    const { reason: cause } = this.breaker;
    return new ModelError('UNAVAILABLE', `${this.#model.name} is not asked now: ${messageOf(cause)}`, { cause });
  }

  async #ask(rows: readonly Row[], signal: AbortSignal, onVersion?: (version: string) => void): Promise<readonly Answer[]> {
    const answers = await this.#model.predict(rows, { signal, timeoutMs: this.#plan.timeoutMs, onVersion });
    if (answers.length === rows.length) return answers;
    throw new ModelError('ANSWER', `model ${this.#model.name} was asked ${rows.length} rows and answered ${answers.length}`);
  }

  /** A call that a time limit cut short counts as unanswered, whatever its reason. */
  #failed(error: unknown, startedAt: number, signal: AbortSignal): CallOutcome {
    if (!signal.aborted && !isUnavailable(error)) {
      this.counters.rows.add(outcomesOf(error)?.filter((outcome) => !isFailed(outcome)).length ?? 0);
      this.breaker.answered();
      return 'answered';
    }
    this.breaker.failed(error, startedAt, retryAfterOf(error));
    return 'unavailable';
  }

  async #probe(): Promise<void> {
    const startedAt = Date.now();
    const error = await this.#unready().catch(() => undefined);
    if (this.#stopping.signal.aborted || this.breaker.state !== 'open') return;
    if (error === undefined) this.breaker.admit();
    else this.breaker.failed(error, startedAt, retryAfterOf(error));
  }

  /** Resolves to the reason why the model cannot be asked now. */
  async #unready(): Promise<unknown> {
    const { signal } = this.#stopping;
    return (await unhealthy(this.#plan, signal)) ?? (await warmUp(this.#plan, (rows) => this.#ask(rows, signal)));
  }

  #each(notify: (caller: Caller) => void): void {
    for (const caller of [...this.#callers]) notify(caller);
  }
}
