import type { Load } from './load.ts';

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

const CHECK_MS = 10;

/**
 * kafkajs checks its queue of waiting requests again after `throttledUntil - now` milliseconds even when none waits; that is
 * negative, so it becomes a timer of 1 ms, for ever: 3.6-5.6 % of a core when idle (0.6-0.9 % with this), and a
 * `TimeoutNegativeWarning` on Node 24. Here a check is planned only while a request waits.
 */
export function fixTimerLoop(load: Load): void {
  const { prototype } = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue & { scheduleCheckPendingRequests(): void } };
  prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
}

function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : CHECK_MS,
  );
}
