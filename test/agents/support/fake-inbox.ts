import type { Delivery, Inbox, PollOptions, Scope } from '../../../src/agents/behaviour.ts';
import type { Event } from '../../../src/topics/index.ts';

export type Told = 'done' | 'released' | { readonly failed: unknown };

/** What happened to one event over all its deliveries. */
export interface History<V, Out> {
  readonly value: V;
  readonly outputs: Out[];
  readonly told: Told[];
}

interface Entry<V, Out> extends History<V, Out> {
  readonly key: string | null;
  readonly offset: number;
  attempt: number;
  firstStartedAt: number;
  inFlight: boolean;
  finished: boolean;
}

/**
 * An inbox that keeps the runtime's promises by hand: order by key, one outcome per delivery (a second one throws), given
 * back events come again in their place, failed ones only after `retry`.
 */
export class FakeInbox<V, Out> implements Inbox<string | null, V, Out> {
  readonly agent = 'predict';
  readonly partition = { topic: 'customers', partition: 0 };
  readonly concurrency = 1;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Array<{ offset: number; told: 'done' | 'failed' | 'released' }> = [];
  mostInHand = 0;
  /** What was told of the outside: errors while it is waited for, `resumed` afterwards. */
  readonly outside: unknown[] = [];
  refuse: ((output: Out) => Error | undefined) | undefined;
  readonly #controller = new AbortController();
  readonly #entries: Entry<V, Out>[] = [];
  readonly #blocked = new Set<number>();
  readonly #ages = new Map<number, number>();
  readonly #waiting: Array<{ condition: () => boolean; resolve: () => void }> = [];
  #wake: () => void = () => {};

  constructor({ timeoutMs = 0 }: { timeoutMs?: number } = {}) {
    this.timeoutMs = timeoutMs;
    this.signal = this.#controller.signal;
  }

  onWake(wake: () => void): void {
    this.#wake = wake;
  }

  put(key: string | null, ...values: V[]): void {
    for (const value of values) {
      this.#entries.push({
        key,
        value,
        offset: this.#entries.length,
        attempt: 1,
        firstStartedAt: 0,
        inFlight: false,
        finished: false,
        outputs: [],
        told: [],
      });
    }
    this.#wake();
  }

  /** The event at this offset is taken to have been delivered for the first time so long ago. */
  age(offset: number, ms: number): void {
    this.#ages.set(offset, ms);
  }

  /** Delivers a failed event once more; `counted` says whether that was an attempt. */
  retry(offset: number, counted = true): void {
    const entry = this.#entries[offset] as Entry<V, Out>;
    if (counted) entry.attempt += 1;
    this.#blocked.delete(offset);
    this.#wake();
  }

  abandon(reason = new Error('partition lost')): void {
    this.#controller.abort(reason);
  }

  history(offset: number): History<V, Out> {
    return this.#entries[offset] as Entry<V, Out>;
  }

  get outputs(): Out[] {
    return this.#entries.flatMap((entry) => entry.outputs);
  }

  get inFlight(): number {
    return this.#entries.filter((entry) => entry.inFlight).length;
  }

  /** Resolves as soon as the condition holds; checked at every outcome. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ condition, resolve }));
  }

  settled(): Promise<void> {
    return this.until(() =>
      this.#entries.every((entry, offset) => entry.finished || this.#blocked.has(offset) || this.#behindBlocked(entry)),
    );
  }

  poll(max: number, { runs = false }: PollOptions = {}): Delivery<string | null, V, Out>[] {
    const busy = new Set<string>();
    for (const entry of this.#entries) if (entry.key !== null && entry.inFlight) busy.add(entry.key);
    const taken: Delivery<string | null, V, Out>[] = [];
    for (const entry of this.#entries) {
      if (taken.length >= max) break;
      if (entry.finished || entry.inFlight) continue;
      if (this.#blocked.has(entry.offset)) {
        if (entry.key !== null) busy.add(entry.key);
        continue;
      }
      if (entry.key !== null && busy.has(entry.key)) continue;
      if (!runs && entry.key !== null) busy.add(entry.key);
      taken.push(this.#deliver(entry));
    }
    this.mostInHand = Math.max(this.mostInHand, this.inFlight);
    return taken;
  }

  waiting(error: unknown): void {
    if (this.outside.at(-1) === undefined || this.outside.at(-1) === 'resumed') this.outside.push(error);
    this.#look();
  }

  resumed(): void {
    if (this.outside.length > 0 && this.outside.at(-1) !== 'resumed') this.outside.push('resumed');
    this.#look();
  }

  misused(error: unknown): void {
    throw error;
  }

  scope(): Scope<string | null, V, Out> {
    throw new Error('scopes are for generators; the behaviours tested here have none');
  }

  #look(): void {
    for (const waiting of [...this.#waiting]) {
      if (!waiting.condition()) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }

  #behindBlocked(entry: Entry<V, Out>): boolean {
    return (
      entry.key !== null &&
      this.#entries.some((other) => other.key === entry.key && other.offset < entry.offset && this.#blocked.has(other.offset))
    );
  }

  #deliver(entry: Entry<V, Out>): Delivery<string | null, V, Out> {
    entry.inFlight = true;
    let told = false;
    const outputs: Out[] = [];
    const tell = (what: 'done' | 'failed' | 'released', outcome: Told): void => {
      if (told) throw new Error(`a second outcome for offset ${entry.offset}: ${what}`);
      told = true;
      entry.inFlight = false;
      entry.told.push(outcome);
      this.log.push({ offset: entry.offset, told: what });
      if (what === 'done') {
        entry.finished = true;
        entry.outputs.push(...outputs);
      }
      if (what === 'failed') this.#blocked.add(entry.offset);
      if (!this.signal.aborted) this.#wake();
      this.#look();
    };
    const { key, value, offset } = entry;
    const event: Event<string | null, V> = {
      key,
      value,
      topic: this.partition.topic,
      partition: this.partition.partition,
      offset,
      timestamp: 0,
      headers: {},
      signal: this.signal,
    };
    return {
      event,
      origin: { key: null, value: null },
      attempt: entry.attempt,
      firstStartedAt: (entry.firstStartedAt ||= Date.now() - (this.#ages.get(entry.offset) ?? 0)),
      run: key ?? entry,
      within: (work) => work(),
      emit: (output) => {
        const error = this.refuse?.(output);
        if (error !== undefined) throw error;
        outputs.push(output);
      },
      done: () => tell('done', 'done'),
      fail: (error) => tell('failed', { failed: error }),
      release: () => tell('released', 'released'),
    };
  }
}
