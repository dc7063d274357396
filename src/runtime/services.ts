import type { StreamerError } from '../errors.ts';
import type { Telemetry } from '../observe/index.ts';
import type { Clock } from '../timing/index.ts';
import type { Tell } from './events/worker-events.ts';
import type { Letters } from './output/letters/letters.ts';
import type { EventOutputs } from './output/outputs.ts';

/**
 * What all parts of a running worker share. The worker makes one and hands it to each part, in place of a contract per part
 * that forwards the same calls.
 */
export interface Services {
  /** Sends what events put out. What is sent outside of events goes through `DirectOutputs`, which only its senders have. */
  readonly outputs: EventOutputs;
  /** Writes dead letters, of handlers that failed and of records that do not decode, and counts and reports them. */
  readonly letters: Letters;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Tells the listeners of the worker. */
  readonly tell: Tell;
  /**
   * Ends the worker. Only the first error counts.
   *
   * @param how `drains`: events in flight are finished and committed first. @default nothing more is committed
   */
  readonly fail: (error: StreamerError, how?: { readonly drains?: boolean }) => void;
}
