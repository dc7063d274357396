import { asStreamerError, KafkaError, type StreamerError } from '../../errors.ts';
import type { Subscription } from '../../kafka/index.ts';
import { backoff, type Clock, limited, sleep } from '../../timing/index.ts';

// A request on a connection that broke unseen waits for a minute (15 s, four attempts), and the member goes on heartbeating
// meanwhile, so nobody else takes its partitions. Hence the limits below. The new consumer makes the old member leave before it joins:
// else the group waits for that one's session to end (8 s without, 1 s with it, session 10 s). kafkajs looks without end for a
// coordinator that it may not use: the reason is asked for (`src/kafka/kafkajs/group.ts`).

/** Longest wait for the positions of an assignment, before they are read on a new connection. */
const ATTEMPT_MS = 8_000;
/** Time without positions after which the consumer's connections count as broken too. */
const REJOIN_AFTER_MS = 30_000;

export interface TakeOverParts {
  readonly subscription: Subscription;
  /** The next call of `admin` gets a new connection: on one that broke unseen, requests wait for long. */
  readonly renewAdmin: () => void;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  /** Gets a transient error; reading is tried again. */
  readonly warn: (error: StreamerError) => void;
}

export interface Assigned<T> {
  readonly epoch: number;
  /** Reads where the partitions stand. */
  readonly read: () => Promise<T>;
  /** False once another assignment has come, or this one is lost. */
  readonly isCurrent: () => boolean;
}

/**
 * Reads where the partitions of an assignment stand. Transient errors are waited for; when that takes too long, the subscription
 * joins again on new connections. Resolves to undefined when the positions are not needed any more. @throws StreamerError that
 * is not retryable
 */
export async function takeOver<T>(parts: TakeOverParts, { read, epoch, isCurrent }: Assigned<T>): Promise<T | undefined> {
  const { subscription, renewAdmin, clock, closing, warn } = parts;
  const since = clock.now();
  for (let attempt = 1; ; attempt++) {
    try {
      const positions = await limited(read(), ATTEMPT_MS, 'reading where the assigned partitions stand');
      return isCurrent() ? positions : undefined;
    } catch (cause) {
      const error = asStreamerError(cause);
      if (!isCurrent()) return undefined;
      if (!error.retryable) throw error;
      warn(error);
      renewAdmin();
      if (clock.now() - since > REJOIN_AFTER_MS) {
        subscription.rejoin(epoch, new KafkaError('retry', error.message, { cause: error }));
        return undefined;
      }
      await sleep(backoff(attempt, 100, 5_000), closing, clock);
      if (closing.aborted || !isCurrent()) return undefined;
    }
  }
}
