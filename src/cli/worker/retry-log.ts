import type { Logger } from '@logtape/logtape';
import { duration } from '../../observe/index.ts';
import type { WorkerEvents } from '../../runtime/index.ts';
import { placeOf } from './partitions.ts';

type Retry = WorkerEvents['retry'][0];

/** Time between two lines about the same agent. */
const PERIOD_MS = 5_000;

interface Pending {
  count: number;
  last: Retry;
  readonly timer: NodeJS.Timeout;
}

/**
 * Logs failed attempts: the first of an agent at once, those of the next seconds together, since a dependency that is down
 * fails every event. At level `debug` each attempt has its line.
 */
export class RetryLog {
  readonly #log: Logger;
  readonly #pending = new Map<string, Pending>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(retry: Retry): void {
    const { error, attempt, delayMs } = retry;
    const fields = { attempt, place: placeOf(retry), delay: duration(delayMs), error };
    this.#log.debug('attempt {attempt} of {place} failed, next in {delay}: {error}', fields);
    const pending = this.#pending.get(retry.agent);
    if (pending !== undefined) {
      pending.count++;
      pending.last = retry;
      return;
    }
    this.#log.info('attempt {attempt} of {place} failed, next in {delay}: {error}', fields);
    const timer = setTimeout(() => this.#flush(retry.agent), PERIOD_MS).unref();
    this.#pending.set(retry.agent, { count: 0, last: retry, timer });
  }

  close(): void {
    for (const agent of [...this.#pending.keys()]) this.#flush(agent);
  }

  #flush(agent: string): void {
    const pending = this.#pending.get(agent);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending.delete(agent);
    if (pending.count === 0) return;
    const { count, last } = pending;
    const fields = { agent, count, seconds: PERIOD_MS / 1_000, place: placeOf(last), error: last.error };
    this.#log.info('{count} more attempts of agent "{agent}" failed within {seconds} s, the last of {place}: {error}', fields);
  }
}
