import { type Check, type ChecksOf, checkOptions, durationMs, that } from '../options/index.ts';

/** Bounds for what is sent or asked. They hold in every state: also while no broker answers, and before the first connection. */
export interface SendOptions {
  /**
   * Rejects with a `StreamerError` `TIMEOUT` after this time. A message that has not left by then is not sent; one that is on its way
   * may still be written. @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /** Rejects with its reason when it is aborted, as after `timeoutMs`. */
  readonly signal?: AbortSignal | undefined;
}

export const anAbortSignal: Check = that('an AbortSignal', (value) => value instanceof AbortSignal);

const SEND: ChecksOf<SendOptions> = { timeoutMs: durationMs(1), signal: anAbortSignal };

/** @throws ConfigError */
export function checkSendOptions(where: string, options: SendOptions): void {
  checkOptions<SendOptions>(where, options, SEND);
}
