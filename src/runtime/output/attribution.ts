import { AsyncLocalStorage } from 'node:async_hooks';
import type { TableHost } from '../../tables/index.ts';

/** Counts outputs on behalf of events: they are not finished before the last one is acknowledged. Tables are used on their behalf too. */
export interface OutputHolder extends TableHost {
  /** Call the function returned when the output is acknowledged (no argument) or has failed. */
  output(): (error?: unknown) => void;
  /**
   * As `output`, for work that is part of the handling, as a sink function's: until it has ended the events stay in flight,
   * and the next ones of their unit wait. Its failure is the handler's.
   */
  work(): (error?: unknown) => void;
  /** Until this has settled the events stay in flight: an output of theirs is not encoded, or its partition is not known. For tables alone. */
  placing?(until: Promise<unknown>): void;
  /** True when the events have finished, or their attempt was given up, and their writes to tables count: nothing more is sent for them. */
  readonly isOver: boolean;
  /** False when the events no longer belong to this worker: nothing more may be published for them. */
  readonly isCurrent: boolean;
}

/**
 * The holder that sends. A generator's lane keeps one holder for its whole life and changes what it holds, because a value set in
 * the stream's `next()` would not reach the loop's body.
 */
const current = new AsyncLocalStorage<OutputHolder>();

export function currentHolder(): OutputHolder | undefined {
  return current.getStore();
}

export function runWith<T>(holder: OutputHolder, work: () => T): T {
  return current.run(holder, work);
}
