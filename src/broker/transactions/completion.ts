import type { Marker } from '../../wire/control-batch.ts';
import { Refusal } from '../../wire/error-code.ts';
import type { Partition } from '../catalog/partition.ts';
import { type Clock, systemClock, type Timer } from '../clock/clock.ts';
import type { Journal } from '../journal/entry.ts';
import type { Transaction } from './transaction.ts';

// A transaction's decision is in the journal before a marker is written. From then on the marker is tried until it stands; after a
// restart only partitions where the transaction is still open get one. Markers that a failed sync took back open it again.

/** What the end of a transaction reaches. */
export interface CompletionParts {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Undefined when it was deleted meanwhile. */
  readonly partition: (topic: string, index: number) => Partition | undefined;
  /** Commits or drops the offsets that the groups hold for it. @throws Refusal */
  readonly endOffsets: (producerId: number, groups: readonly string[], isCommit: boolean) => void;
  readonly report: (message: string) => void;
}

/** Until the next attempt after a failure of the storage; twice as long each time. It follows the system's clock: a disk does not wait for a test. */
const AGAIN_MS = 10;
const AGAIN_AT_MOST_MS = 1000;

/**
 * Carries out what was decided about transactions: a marker to each partition, the offsets of each group; then it is
 * told that the transaction is complete. A decision is final: after a failure of the storage it is tried again until it succeeds.
 */
export class Completion {
  readonly #parts: CompletionParts;
  readonly #onComplete: (transaction: Transaction) => void;
  readonly #retries = new Set<Timer>();
  #isClosed = false;

  /** @param onComplete may throw a Refusal, and is called again then */
  constructor(parts: CompletionParts, onComplete: (transaction: Transaction) => void) {
    this.#parts = parts;
    this.#onComplete = onComplete;
  }

  /** Every partition that was added gets a marker, written to or not, as from Kafka. */
  run(prepared: Transaction): void {
    void this.#carryOut(prepared, new Set());
  }

  /** After a restart: what was written before it needs no second marker. */
  resume(prepared: Transaction): void {
    const { partitions, producerId } = prepared;
    const isOpen = ([topic, index]: readonly [string, number]) =>
      this.#parts.partition(topic, index)?.hasOpenTransaction(producerId) ?? false;
    void this.#carryOut(prepared, new Set(partitions.filter((one) => !isOpen(one)).map(String)));
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#retries) timer.cancel();
  }

  /** @param done partitions whose marker is durable. Without a storage to wait for, all is done when the call returns */
  async #carryOut(prepared: Transaction, done: Set<string>, waitMs = AGAIN_MS): Promise<void> {
    try {
      const decided = this.#parts.journal.flushed();
      if (decided !== undefined) await decided;
      const flushes = this.#writeMarkers(prepared, done);
      if (flushes.length > 0) await allSettled(flushes);
      if (this.#isClosed) return;
      this.#parts.endOffsets(prepared.producerId, prepared.groups, prepared.state === 'PrepareCommit');
      this.#onComplete(prepared);
    } catch (error) {
      this.#tryAgain(prepared, done, waitMs, error);
    }
  }

  #writeMarkers({ producerId, epoch, state, partitions }: Transaction, done: Set<string>): Promise<void>[] {
    const marker: Marker = { producerId, producerEpoch: epoch, isCommit: state === 'PrepareCommit' };
    const flushes: Promise<void>[] = [];
    for (const [topic, index] of partitions) {
      const key = String([topic, index]);
      if (done.has(key)) continue;
      const flushed = this.#parts.partition(topic, index)?.endTransaction(marker, this.#parts.clock.now());
      if (flushed === undefined) done.add(key);
      else flushes.push(markedWhen(flushed, () => done.add(key)));
    }
    return flushes;
  }

  #tryAgain(prepared: Transaction, done: Set<string>, waitMs: number, error: unknown): void {
    if (this.#isClosed) return;
    this.#parts.report(`the end of the transaction of ${prepared.id} is tried again: ${(error as Error).message}`);
    if (!(error instanceof Refusal)) throw error;
    const timer = systemClock.after(waitMs, () => {
      this.#retries.delete(timer);
      void this.#carryOut(prepared, done, Math.min(waitMs * 2, AGAIN_AT_MOST_MS));
    });
    this.#retries.add(timer);
  }
}

/** Waits for all before it fails, so that nothing is under way when it is tried again. */
async function allSettled(flushes: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(flushes);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Nobody waits for it when the next partition refuses its marker. */
function markedWhen(flushed: Promise<void>, mark: () => void): Promise<void> {
  const marked = flushed.then(mark);
  marked.catch(() => {});
  return marked;
}
