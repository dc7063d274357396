/**
 * Wait after a failed attempt: grows by `factor`, is capped, and varies by a fifth either way, so that callers which failed
 * together do not come back together.
 *
 * @param attempt the one that failed, from 1
 * @returns whole milliseconds
 */
export function backoff(attempt: number, delayMs: number, maxDelayMs: number, factor = 2): number {
  if (delayMs === 0) return 0;
  const plain = Math.min(maxDelayMs, delayMs * factor ** (attempt - 1));
  return Math.round(plain * (0.8 + Math.random() * 0.4));
}
