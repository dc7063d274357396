import type { Clock } from '../../timing/index.ts';
import type { Tell } from '../events/worker-events.ts';

/** Keeps the time since which an agent waits for something outside that cannot be reached, over all its partitions; emits its begin and end. */
export class AgentWaiting {
  readonly #agent: string;
  readonly #tell: Tell;
  readonly #clock: Clock;
  #since: number | undefined;
  #succeededAt = 0;
  readonly #events = new Set<object>();
  /** The behaviour polls nothing until what it waits for is there again. */
  #isHeld = false;

  constructor(agent: string, tell: Tell, clock: Clock) {
    this.#agent = agent;
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Epoch milliseconds; undefined while it does not wait. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Epoch milliseconds of the last success that ended a wait; 0 before. */
  get succeededAt(): number {
    return this.#succeededAt;
  }

  /** Number of events that wait, over all partitions. */
  get events(): number {
    return this.#events.size;
  }

  /** An event begins to wait, or waits on. */
  enter(event: object): void {
    this.#events.add(event);
  }

  /** It waits no longer: it has finished, is judged by its policy, or is no longer this worker's. */
  leave(event: object): void {
    this.#events.delete(event);
  }

  waits(error: unknown): void {
    if (this.#since !== undefined) return;
    this.#since = this.#clock.now();
    this.#tell('waiting', { agent: this.#agent, error });
  }

  /** An event succeeded, so what was waited for is there again. */
  succeeded(): void {
    if (this.#since === undefined || this.#isHeld) return;
    this.#succeededAt = this.#clock.now();
    const waitedMs = this.#succeededAt - this.#since;
    this.#since = undefined;
    this.#tell('resumed', { agent: this.#agent, waitedMs });
  }

  /** As `waits`, but outputs of earlier events that are acknowledged meanwhile do not end it. */
  holds(error: unknown): void {
    this.#isHeld = true;
    this.waits(error);
  }

  resumes(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.succeeded();
  }
}
