import { isStreamerError, messageOf, StreamerError } from '../../errors.ts';
import { type Counter, codeLabel } from '../../observe/index.ts';
import type { EventPlace } from '../events/worker-events.ts';
import type { Services } from '../services.ts';
import type { Outcome, WorkItem } from './work-item.ts';

/** Counts what becomes of an agent's events, over all its partitions, and tells the worker's listeners. */
export class AgentReport {
  readonly #agent: string;
  readonly #services: Services;
  readonly #finished: Readonly<Record<Outcome, Counter>>;

  constructor(agent: string, services: Services) {
    this.#agent = agent;
    this.#services = services;
    const counter = (outcome: Outcome) => services.telemetry.counter('events_finished_total', { agent, outcome });
    this.#finished = { done: counter('done'), skipped: counter('skipped'), dead_letter: counter('dead_letter') };
  }

  get counts(): { readonly finished: number; readonly failed: number; readonly skipped: number; readonly retried: number } {
    const { done, skipped, dead_letter } = this.#finished;
    const { telemetry } = this.#services;
    return {
      finished: done.value + skipped.value + dead_letter.value,
      failed: telemetry.total('dead_letters_total', { agent: this.#agent }),
      skipped: skipped.value,
      retried: telemetry.total('retries_total', { agent: this.#agent }),
    };
  }

  finished(outcome: Outcome): void {
    this.#finished[outcome].add();
  }

  retried(item: WorkItem, error: unknown, delayMs: number): void {
    this.#services.telemetry.counter('retries_total', { agent: this.#agent, code: codeLabel(error) }).add();
    this.#services.tell('retry', { agent: this.#agent, ...item.at, attempt: item.attempt, delayMs, error });
  }

  skipped(item: WorkItem, error: unknown): void {
    this.#services.tell('skipped', { agent: this.#agent, ...item.at, error });
  }

  /** The worker ends. */
  stopped({ at }: WorkItem, error: unknown, by: 'policy' | 'operator'): void {
    const next = by === 'policy' ? `Its policy is stop(): the ${AGAIN}` : `${adviceOf(error)}The ${AGAIN}`;
    this.#fail(at, error, next);
  }

  /** The worker ends because of an event whose bytes decoded once, and do not decode any more. */
  undecodable(at: EventPlace, error: unknown): void {
    this.#fail(at, error, `Its serde does not decode the same bytes twice. The ${AGAIN}`);
  }

  #fail(at: EventPlace, cause: unknown, next: string): void {
    this.#services.fail(new StreamerError('REFUSED', messageOf(cause), { agent: this.#agent, ...at, cause, next }));
  }
}

const AGAIN = 'event is not committed and comes again at the next start.';

function adviceOf(error: unknown): string {
  return isStreamerError(error) && error.next !== undefined ? `${error.next}\n  ` : '';
}
