import { backoff } from '../../timing/index.ts';

// One per agent and worker, over all its partitions. Any answer closes it, a refusal too. `deadlineMs` does not run while it is open.
//
// A timer may fire a millisecond before Date.now() says so: the breaker ends its wait in the timer, or nobody wakes its callers.

/** `half-open`: one call of one row goes out, and its result decides. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Opens after this number of calls in a row without an answer. @default 5 */
  readonly failures?: number | undefined;
  /** Wait after the first of them, and before the first probe; doubles with every failed round. @default 200 */
  readonly delayMs?: number | undefined;
  /** Longest wait between probes; the server may ask for a longer one (Retry-After). @default 10_000 */
  readonly maxDelayMs?: number | undefined;
}

export interface BreakerHost {
  /** It is open from now on. May be called again with a newer error. */
  opened(error: unknown): void;
  closed(): void;
  /** Calls may go out again: all of them, or the one of a half-open breaker. */
  freed(): void;
  /** It is open, and the wait is over. The host must call `admit` or `failed`. */
  probe(): void;
}

/** A server that asks for a wait of this length is down, whatever the count. */
const LONG_MS = 1_000;
/** Retry-After is honoured up to here. */
const LONGEST_MS = 60_000;
/** Number of open periods that are remembered, for deadlines. */
const REMEMBERED = 1_000;

/**
 * Decides whether a model may be asked now. One per agent and worker, over all partitions. Every call without an answer is
 * followed by a wait in which none starts; after several in a row it opens, and then only probes go out until one is
 * answered. Any answer closes it, refusals included: they show that the server is there.
 */
export class Breaker {
  readonly #failureLimit: number;
  readonly #delayMs: number;
  readonly #maxDelayMs: number;
  readonly #host: BreakerHost;
  readonly #openTimes: Array<{ readonly from: number; to: number }> = [];
  #state: BreakerState = 'closed';
  #failures = 0;
  /** Waits since the last answer. Calls that failed together are one round. */
  #rounds = 0;
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #isTrialOut = false;
  #opened = 0;
  #reason: unknown;

  constructor(options: Required<{ [Name in keyof BreakerOptions]: number }>, host: BreakerHost) {
    this.#failureLimit = options.failures;
    this.#delayMs = options.delayMs;
    this.#maxDelayMs = options.maxDelayMs;
    this.#host = host;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** The number of times it has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** The reason why calls wait, while it is not closed. */
  get reason(): unknown {
    return this.#state === 'closed' ? undefined : this.#reason;
  }

  /** The time (epoch milliseconds) since which calls are held up; `undefined` when they are not. */
  get openSince(): number | undefined {
    const last = this.#openTimes.at(-1);
    return last?.to === Number.POSITIVE_INFINITY ? last.from : undefined;
  }

  get isFree(): boolean {
    return this.#state === 'closed' ? Date.now() >= this.#heldUntil : this.#state === 'half-open' && !this.#isTrialOut;
  }

  /** Takes the right to call. A trial is one row. `undefined`: not now; `freed` is called when there is one. */
  enter(): { readonly isTrial: boolean } | undefined {
    if (!this.isFree) return undefined;
    const isTrial = this.#state === 'half-open';
    if (isTrial) this.#isTrialOut = true;
    return { isTrial };
  }

  /**
   * Gives back the right to call, after the call or without one. Only this ends a trial: calls that went out before the
   * breaker opened fail during it, and each would start another one beside it.
   */
  leave({ isTrial }: { readonly isTrial: boolean }): void {
    if (isTrial) this.#isTrialOut = false;
  }

  answered(): void {
    this.#failures = 0;
    this.#rounds = 0;
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const last = this.#openTimes.at(-1);
    if (last !== undefined) last.to = Math.min(last.to, Date.now());
    this.#host.closed();
    if (this.isFree) this.#host.freed();
  }

  /** @param startedAt start of the call: one that started before the last wait has no influence on its length */
  failed(error: unknown, startedAt: number, retryAfterMs = 0): void {
    const now = Date.now();
    this.#failures++;
    const isNewRound = this.#rounds === 0 || startedAt >= this.#heldUntil;
    if (isNewRound) this.#rounds++;
    const delayMs = isNewRound ? backoff(this.#rounds, this.#delayMs, this.#maxDelayMs) : 0;
    const askedMs = Math.min(retryAfterMs, LONGEST_MS);
    this.#heldUntil = Math.max(this.#heldUntil, now + Math.max(delayMs, askedMs));
    if (this.#state !== 'closed' || this.#failures >= this.#failureLimit || askedMs >= LONG_MS) this.#open(error, now);
    this.#schedule(now);
  }

  /** Opens at once: the model is known to be down. */
  trip(error: unknown): void {
    this.#failures = this.#failureLimit;
    this.failed(error, Date.now());
  }

  /** Lets one call out, from open or from the start. */
  admit(): void {
    this.#state = 'half-open';
    this.#host.freed();
  }

  /** Returns the time since then for which calls were held up (milliseconds). */
  heldSince(from: number): number {
    const now = Date.now();
    let sum = 0;
    for (const time of this.#openTimes) sum += Math.max(0, Math.min(time.to, now) - Math.max(time.from, from));
    return sum;
  }

  /** Forgets everything, and stops probing. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = 'closed';
    this.#failures = 0;
    this.#rounds = 0;
    this.#heldUntil = 0;
    this.#isTrialOut = false;
    this.#openTimes.length = 0;
  }

  #open(error: unknown, now: number): void {
    if (this.#state === 'closed') {
      this.#opened++;
      this.#openTimes.push({ from: now, to: Number.POSITIVE_INFINITY });
      if (this.#openTimes.length > REMEMBERED) this.#openTimes.shift();
    }
    this.#state = 'open';
    this.#reason = error;
    this.#host.opened(error);
  }

  #schedule(now: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#waited(), this.#heldUntil - now);
  }

  #waited(): void {
    // A timer may fire a millisecond before its time by the clock; nothing would wake the callers again.
    this.#heldUntil = Math.min(this.#heldUntil, Date.now());
    if (this.#state === 'open') this.#host.probe();
    else this.#host.freed();
  }
}
