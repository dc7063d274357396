import type { KafkaRecord } from '../../kafka/index.ts';
import type { AgentOffsets } from '../work/agent-offsets.ts';
import type { AgentRuntime } from '../work/agent-runtime.ts';
import type { Verdict } from '../work/failure.ts';
import type { WorkItem } from '../work/work-item.ts';
import type { WorkQueue } from '../work/work-queue.ts';
import type { Unacknowledged } from './unacknowledged.ts';

export interface FinishedItemsParts {
  readonly runtime: AgentRuntime;
  readonly queue: WorkQueue;
  readonly offsets: AgentOffsets;
  /** Records by offset whose dead letters are not acknowledged yet. */
  readonly letters: Map<number, KafkaRecord>;
  readonly unacknowledged: Unacknowledged<WorkItem>;
  readonly isCurrent: () => boolean;
  readonly progressed: () => void;
}

/**
 * Items of an agent that writes tables. One that is handled has finished, in one turn with its writes, and never runs again: later events may
 * have built on them. Its outputs are still on their way then; the cut that holds the item waits for them.
 */
export class FinishedItems {
  readonly #parts: FinishedItemsParts;

  constructor(parts: FinishedItemsParts) {
    this.#parts = parts;
  }

  /** Handler and sink functions have ended. Items that are handled together finish together. */
  handled(item: WorkItem, isLast: boolean): void {
    item.isUnacknowledged = !isLast;
    const { scope } = item;
    if (scope !== undefined && !scope.ended()) return;
    for (const each of scope?.items ?? [item]) this.#parts.queue.settle(each, this.#finish);
  }

  acknowledged(item: WorkItem): void {
    const { runtime, queue, unacknowledged, progressed } = this.#parts;
    runtime.finished(item);
    if (item.isUnacknowledged) {
      item.isUnacknowledged = false;
      queue.acknowledged(item);
      unacknowledged.delete(item);
    }
    progressed();
  }

  /** An output was refused. The item is not handled again: where the policy does not skip or stop, it goes to the dead letters. */
  refused(item: WorkItem, error: unknown, verdict: Verdict): void {
    const { report } = this.#parts.runtime;
    if (verdict.action === 'stop') {
      report.stopped(item, error, verdict.by);
    } else if (verdict.action === 'skip') {
      report.skipped(item, error);
      item.outcome = 'skipped';
      this.acknowledged(item);
    } else {
      void this.#deadLetter(item, error, verdict.action === 'deadLetter' ? verdict.topic : undefined);
    }
  }

  async #deadLetter(item: WorkItem, error: unknown, topic: string | undefined): Promise<void> {
    const { runtime, letters, isCurrent } = this.#parts;
    const { origin } = item;
    if (origin.offset !== undefined) letters.set(origin.offset, origin);
    await runtime.deadLetter(item, error, topic, 'applied');
    if (origin.offset !== undefined) letters.delete(origin.offset);
    if (!isCurrent()) return;
    item.outcome = 'dead_letter';
    this.acknowledged(item);
  }

  readonly #finish = (item: WorkItem): void => {
    const { unacknowledged, offsets } = this.#parts;
    item.scope?.apply();
    item.scope = undefined;
    if (item.isUnacknowledged) unacknowledged.add(item);
    if (item.origin.offset === undefined) item.origin.finished();
    else offsets.finish(item.slot);
  };
}
