import { libraryLog } from '../../observe/index.ts';
import type { Tell } from '../events/worker-events.ts';

const log = libraryLog('worker');
const LOOK_MS = 500;

/** Notices when the brokers no longer answer the worker's subscription, and when they do again. */
export class ConnectionWatch {
  readonly #silentSince: () => number | undefined;
  readonly #tell: Tell;
  #timer: NodeJS.Timeout | undefined;
  #since: number | undefined;

  /** @param silentSince epoch milliseconds of the last answer, once it is longer ago than it may be */
  constructor(silentSince: () => number | undefined, tell: Tell) {
    this.#silentSince = silentSince;
    this.#tell = tell;
  }

  /** Since when (epoch milliseconds) no broker has answered; undefined while they do. */
  get since(): number | undefined {
    return this.#since;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#since = undefined;
  }

  #look(): void {
    const before = this.#since;
    this.#since = this.#silentSince();
    if (before === undefined && this.#since !== undefined) {
      log.warning('no broker has answered since {since}: disconnected', { since: new Date(this.#since).toISOString() });
      this.#tell('disconnected', { since: this.#since });
    } else if (before !== undefined && this.#since === undefined) {
      const forMs = Date.now() - before;
      log.warning('the brokers answer again after {seconds} s', { seconds: Math.round(forMs / 1_000) });
      this.#tell('connected', { forMs });
    }
  }
}
