import { sleep } from '../../timing/index.ts';

export interface RateOptions {
  /** Most rows per `perMs`. */
  readonly rows?: number | undefined;
  /** Most calls per `perMs`; either this or `rows`. */
  readonly calls?: number | undefined;
  /** @default 1_000 */
  readonly perMs?: number | undefined;
}

/** Spreads calls evenly, so that at most the limit begins in any period of `perMs`; first come, first served. */
export class Rate {
  readonly #kind: 'rows' | 'calls';
  /** Milliseconds for one row, or one call. */
  readonly #costMs: number;
  #nextAt = 0;

  constructor({ rows, calls, perMs = 1_000 }: RateOptions) {
    this.#kind = rows === undefined ? 'calls' : 'rows';
    this.#costMs = perMs / (rows ?? calls ?? 1);
  }

  /** Resolves when a call with this number of rows may start; rejects with the signal's reason. */
  async pass(rows: number, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + (this.#kind === 'rows' ? rows : 1) * this.#costMs;
    if (at > now) await sleep(at - now, signal);
    if (at > now) signal.throwIfAborted();
  }
}
