import type { KafkaRecord } from '../../kafka/index.ts';
import { FinishedItems } from '../state/finished-items.ts';
import type { Unacknowledged } from '../state/unacknowledged.ts';
import type { AgentOffsets } from './agent-offsets.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import type { AttemptOutcomes } from './attempt.ts';
import { judge } from './failure.ts';
import type { Origin } from './item.ts';
import { ItemEvent } from './item-event.ts';
import type { Outcome, WorkItem } from './work-item.ts';
import type { WorkQueue } from './work-queue.ts';

/** What the outcomes of a task's items change, and what they notify. */
export interface OutcomeParts {
  readonly runtime: AgentRuntime;
  readonly queue: WorkQueue;
  readonly offsets: AgentOffsets;
  /** Records by offset whose dead letters are not acknowledged yet. */
  readonly letters: Map<number, KafkaRecord>;
  /** Items that have finished, and whose outputs are not acknowledged. */
  readonly unacknowledged: Unacknowledged<WorkItem>;
  /** The agent writes tables: an item finishes when it is handled, and its outputs are awaited by the cut that it is in. */
  readonly isStateful: boolean;
  /** The value of an event can be made again from its bytes. */
  readonly canDecodeAgain: () => boolean;
  readonly eventOf: (origin: Origin) => ItemEvent;
  /** An item was finished, or something else changed that flow control or a drain may wait for. */
  readonly progressed: () => void;
  /** Something may start. */
  readonly wake: () => void;
}

/** Carries out what becomes of the items of one task: the next attempt, the dead letter, the end. */
export class Outcomes implements AttemptOutcomes<WorkItem> {
  readonly #parts: OutcomeParts;
  /** Set for an agent that writes tables. */
  readonly #finishedItems: FinishedItems | undefined;
  /** Items that wait for something outside that cannot be reached. */
  readonly #waiting = new Set<WorkItem>();
  #isCurrent = true;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
    if (parts.isStateful) this.#finishedItems = new FinishedItems({ ...parts, isCurrent: () => this.#isCurrent });
  }

  get isStateful(): boolean {
    return this.#finishedItems !== undefined;
  }

  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** From now on no outcome counts. */
  abandon(): void {
    this.#isCurrent = false;
    for (const item of this.#waiting) this.#parts.runtime.waiting.leave(item);
  }

  #noteWait(item: WorkItem, isWaiting: boolean): void {
    const { waiting } = this.#parts.runtime;
    if (isWaiting) {
      this.#waiting.add(item);
      waiting.enter(item);
    } else if (this.#waiting.delete(item)) {
      waiting.leave(item);
    }
  }

  handled(item: WorkItem, isLast: boolean): void {
    const { queue, progressed, wake, canDecodeAgain } = this.#parts;
    // Thousands wait for acknowledgements, which are rarely refused: their values need not wait with them.
    if (!isLast && canDecodeAgain()) item.forgetEvent();
    queue.leave(item, true);
    if (this.#isCurrent) this.#finishedItems?.handled(item, isLast);
    if (!isLast) progressed();
    wake();
  }

  released(item: WorkItem): void {
    const { queue, wake } = this.#parts;
    queue.keepTaken(item, true);
    queue.putBack(item, 0, wake);
  }

  settled(item: WorkItem): void {
    if (item.waits > 0) this.#noteWait(item, false);
    this.#parts.runtime.waiting.succeeded();
    if (this.#finishedItems === undefined) this.#finish(item);
    else this.#finishedItems.acknowledged(item);
  }

  failed(item: WorkItem, error: unknown, isHandled: boolean): void {
    const { runtime, queue } = this.#parts;
    queue.keepTaken(item, !isHandled);
    if (!isHandled) ItemEvent.abort(item.event, error);
    const { attempt, waits, waitingSince, waitedAt } = item;
    const now = runtime.services.clock.now();
    const waitedMs = waitingSince === undefined ? 0 : now - waitingSince;
    const othersSucceed = waitedAt !== undefined && runtime.waiting.succeededAt > waitedAt;
    const { events: waiting } = runtime.waiting;
    const verdict = judge({ error, policy: runtime.agent.onError, attempt, waits, waitedMs, othersSucceed, waiting, isHandled });
    this.#noteWait(item, verdict.action === 'wait' && !item.isFinished);
    if (item.isFinished) return this.#finishedItems?.refused(item, error, verdict);
    switch (verdict.action) {
      case 'wait':
        runtime.waiting.waits(error);
        return this.#again(item, verdict.delayMs, { counts: 'waits', now }, isHandled);
      case 'retry':
        runtime.report.retried(item, error, verdict.delayMs);
        return this.#again(item, verdict.delayMs, { counts: 'attempt', now }, isHandled);
      case 'skip':
        runtime.report.skipped(item, error);
        return this.#close(item, 'skipped', isHandled);
      case 'stop':
        return runtime.report.stopped(item, error, verdict.by);
      case 'deadLetter':
        void this.#deadLetter(item, error, verdict.topic, isHandled);
    }
  }

  async #deadLetter(item: WorkItem, error: unknown, topic: string | undefined, isHandled: boolean): Promise<void> {
    const { runtime, queue, letters, progressed } = this.#parts;
    const { origin } = item;
    queue.leave(item, false);
    if (origin.offset !== undefined) letters.set(origin.offset, origin);
    const written = runtime.deadLetter(item, error, topic, this.isStateful ? 'none' : undefined);
    progressed();
    await written;
    if (origin.offset !== undefined) letters.delete(origin.offset);
    if (this.#isCurrent) this.#close(item, 'dead_letter', isHandled);
  }

  /** The behaviour may have let go of the item already (a refused output): then its unit is held again. */
  #again(item: WorkItem, delayMs: number, how: Parameters<WorkItem['retry']>[1], isHandled: boolean): void {
    const { queue, eventOf, progressed, wake } = this.#parts;
    queue.leave(item, false);
    item.retry(nextEvent(item, eventOf), how);
    if (isHandled && item.unit !== undefined) item.unit.inFlight++;
    queue.putBack(item, delayMs, wake);
    progressed();
  }

  /** Finished without success: skipped or dead-lettered. */
  #close(item: WorkItem, outcome: Outcome, isHandled: boolean): void {
    item.outcome = outcome;
    this.#parts.queue.leave(item, !isHandled);
    this.#finish(item);
    this.#parts.wake();
  }

  #finish(item: WorkItem): void {
    this.#parts.queue.settle(item, this.#finished);
    this.#parts.progressed();
  }

  readonly #finished = (item: WorkItem): void => {
    const { runtime, offsets } = this.#parts;
    runtime.finished(item);
    if (item.origin.offset === undefined) item.origin.finished();
    else offsets.finish(item.slot);
  };
}

/** The event of the next attempt: the same key and value, with a signal of its own. */
function nextEvent({ event, origin }: WorkItem, eventOf: (origin: Origin) => ItemEvent): ItemEvent {
  if (origin.offset === undefined) return eventOf(origin);
  return new ItemEvent(event.topic, event.partition, origin, event.key, event.value);
}
