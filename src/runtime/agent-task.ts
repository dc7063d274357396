import { type BehaviourRun, backoff, type Inbox, type Order, type OutputHeaders, type PollOptions } from '../agents/index.ts';
import { isForbidden, isStreamerError, isUnavailable, type StreamerError } from '../errors.ts';
import type { KafkaRecord, TopicPartition } from '../kafka/index.ts';
import { murmur2 } from '../topics/index.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import { sizeOf } from './backlog.ts';
import type { OutputHolder } from './context.ts';
import { FinishedCursor } from './finished-map.ts';
import { LaneScope } from './lane-scope.ts';
import { type OffsetRange, OffsetTracker } from './offset-tracker.ts';
import { RecordEvent } from './record-event.ts';
import { Units } from './units.ts';
import { WorkItem } from './work-item.ts';

/** What an agent's task needs of the partition it belongs to. */
export interface TaskOwner {
  /** An event was finished, or something else changed that flow control or a drain may wait for. */
  progressed(): void;
}

export interface TaskStart {
  readonly position: number;
  /** What this agent has finished beyond the position, before a restart. */
  readonly finished: readonly OffsetRange[];
  readonly deliversTombstones: boolean;
}

/** How long the other side asks to be left alone (HTTP's Retry-After), at most a minute. */
function retryAfterOf(error: unknown): number {
  const { retryAfterMs } = error as { readonly retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? Math.min(retryAfterMs, 60_000) : 0;
}

/**
 * One agent on one assigned partition: its queue, its order, its finished offsets. Dies with the assignment; whatever
 * its handlers do later has no effect.
 */
export class AgentTask implements Inbox<unknown, unknown, unknown> {
  readonly partition: TopicPartition;
  readonly tracker: OffsetTracker;
  /** Do the agent's functions expect values that are null? */
  readonly deliversTombstones: boolean;
  readonly runtime: AgentRuntime;
  readonly #owner: TaskOwner;
  readonly #units = new Units();
  readonly #inHand = new Set<WorkItem>();
  readonly #abandoned = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #cursor: FinishedCursor;
  readonly #run: BehaviourRun;
  #unfinishedBytes = 0;
  #spread = 0;
  #isDraining = false;

  constructor(runtime: AgentRuntime, partition: TopicPartition, start: TaskStart, owner: TaskOwner) {
    this.runtime = runtime;
    this.partition = partition;
    this.#owner = owner;
    this.deliversTombstones = start.deliversTombstones;
    this.tracker = new OffsetTracker(start.position);
    this.#cursor = new FinishedCursor(start.finished);
    this.#run = runtime.agent.behaviour.open(this);
  }

  get agent(): string {
    return this.runtime.agent.name;
  }

  get concurrency(): number {
    return this.runtime.agent.concurrency;
  }

  get timeoutMs(): number {
    return this.runtime.agent.timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#abandoned.signal;
  }

  get isAbandoned(): boolean {
    return this.#abandoned.signal.aborted;
  }

  get inHand(): number {
    return this.#inHand.size;
  }

  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  /** The event that has been in hand for the longest time. */
  get oldest(): WorkItem | undefined {
    return this.#inHand.values().next().value;
  }

  /**
   * Ranges of finished offsets beyond the position. What was finished before a restart stays so while it has not been read
   * again: a task that commits, or is given up, before that must not forget it.
   */
  finishedBeyond(): OffsetRange[] {
    return [...this.tracker.finishedBeyond(), ...this.#cursor.from(this.tracker.end)];
  }

  /** Takes over a decoded record, unless this agent has finished it before a restart. */
  add(record: KafkaRecord, key: unknown, value: unknown): void {
    const slot = this.tracker.add(record.offset);
    if (this.#cursor.has(record.offset)) {
      this.tracker.finish(slot);
      return;
    }
    const size = sizeOf(record);
    const event = new RecordEvent(this.partition.topic, this.partition.partition, record, key, value);
    const item = new WorkItem(this, event, record, slot, size);
    this.#unfinishedBytes += size;
    this.#units.add(item, this.#unitOf(record, this.runtime.agent.order));
  }

  /** Has this agent finished the record before a restart? To be asked in the order of the records, before they are added. */
  hasFinished(offset: number): boolean {
    return this.#cursor.has(offset);
  }

  /** Notes a record that this agent does not get: it counts as finished. */
  pass(offset: number): void {
    this.tracker.finish(this.tracker.add(offset));
  }

  wake(): void {
    if (!this.#isDraining && !this.isAbandoned) this.#run.wake();
  }

  poll(max: number, options: PollOptions = {}): WorkItem[] {
    if (max <= 0 || this.#isDraining || this.isAbandoned) return [];
    const taken = this.#units.take(max, options);
    if (taken.length === 0) return taken;
    const now = Date.now();
    for (const item of taken) {
      this.#inHand.add(item);
      item.start(now);
    }
    return taken;
  }

  scope(): LaneScope {
    return new LaneScope(this);
  }

  emit(item: WorkItem, holder: OutputHolder, output: unknown, headers?: OutputHeaders): void {
    this.runtime.emit(item, holder, output, headers);
  }

  waiting(error: unknown): void {
    this.runtime.holds(error);
  }

  resumed(): void {
    this.runtime.resumes();
  }

  /** Starts nothing more; what waits stays. */
  drain(): void {
    this.#isDraining = true;
    this.#run.drain?.();
  }

  resume(): void {
    this.#isDraining = false;
    this.wake();
  }

  /** From now on nothing that happens here counts. */
  abandon(reason: StreamerError): number {
    const { size } = this.#inHand;
    this.#abandoned.abort(reason);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const item of this.#inHand) RecordEvent.abort(item.event, reason);
    this.#inHand.clear();
    void this.#run.close();
    return size;
  }

  /** The handler is through with it: the next of its unit may start, though outputs may still be on their way. */
  handled(item: WorkItem): void {
    this.#inHand.delete(item);
    if (item.unit !== undefined) {
      item.unit.inHand--;
      this.#units.refresh(item.unit);
    }
    this.#owner.progressed();
    this.wake();
  }

  released(item: WorkItem): void {
    this.#inHand.delete(item);
    this.#putBack(item, 0);
  }

  settled(item: WorkItem): void {
    item.isSettled = true;
    this.runtime.succeeded();
    this.#finishInOrder(item);
  }

  /** The handler failed, or (`isHandled`) one of its outputs was refused. */
  failed(item: WorkItem, error: unknown, isHandled: boolean): void {
    if (!isHandled) RecordEvent.abort(item.event, error);
    if (isUnavailable(error)) {
      const delayMs = Math.max(backoff(++item.waits, 500, 30_000), retryAfterOf(error));
      this.runtime.waits(error);
      this.#again(item, delayMs, isHandled);
      return;
    }
    if (isForbidden(error)) return this.runtime.forbidden(item, error);
    const retryable = !isHandled && !(isStreamerError(error) && !error.retryable);
    const verdict = this.runtime.agent.onError.decide({ error, attempt: item.attempt, retryable });
    switch (verdict.action) {
      case 'retry':
        this.runtime.retries(item, error, verdict.delayMs);
        item.attempt++;
        this.#again(item, verdict.delayMs, isHandled);
        break;
      case 'skip':
        this.runtime.skips(item, error);
        this.#close(item, isHandled);
        break;
      case 'stop':
        this.runtime.stops(item, error);
        break;
      case 'deadLetter':
        this.#inHand.delete(item);
        this.runtime.deadLetter(item, error, verdict.topic).then(() => {
          if (!this.isAbandoned) this.#close(item, isHandled);
        });
        this.#owner.progressed();
    }
  }

  /** Tries again later. The event's handler may have let go of it already (a refused output): then it is taken up anew. */
  #again(item: WorkItem, delayMs: number, isHandled: boolean): void {
    this.#inHand.delete(item);
    item.reset();
    const event = item.event;
    item.renew(new RecordEvent(event.topic, event.partition, item.record, event.key, event.value));
    if (isHandled && item.unit !== undefined) item.unit.inHand++;
    this.#putBack(item, delayMs);
    this.#owner.progressed();
  }

  #putBack(item: WorkItem, delayMs: number): void {
    const { unit } = item;
    if (unit !== undefined) {
      unit.inHand--;
      unit.putBack(item);
      unit.isBackingOff ||= delayMs > 0;
    }
    const back = () => {
      if (unit === undefined) this.#units.putBackLoose(item);
      else this.#units.refresh(unit);
      this.wake();
    };
    if (delayMs === 0) {
      back();
      return;
    }
    this.#later(delayMs, () => {
      if (unit !== undefined) unit.isBackingOff = false;
      back();
    });
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Finished without success: skipped or dead-lettered. */
  #close(item: WorkItem, isHandled: boolean): void {
    this.#inHand.delete(item);
    if (!isHandled && item.unit !== undefined) item.unit.inHand--;
    item.isSettled = true;
    this.#finishInOrder(item);
    this.wake();
  }

  /**
   * Within a unit, an event counts as finished only after those before it: else a crash could redo an earlier event of a
   * key whose later one is done.
   */
  #finishInOrder(item: WorkItem): void {
    const { unit } = item;
    if (unit === undefined) {
      this.#finish(item);
    } else {
      while (unit.open[0]?.isSettled === true) this.#finish(unit.open.shift()!);
      this.#units.refresh(unit);
    }
    this.#owner.progressed();
  }

  #finish(item: WorkItem): void {
    item.finished();
    this.#unfinishedBytes -= item.size;
    this.runtime.finished(item);
    this.tracker.finish(item.slot);
  }

  /** What order is kept within: undefined = none. */
  #unitOf(record: KafkaRecord, order: Order): string | number | undefined {
    if (order === 'none') return undefined;
    const isLane = this.runtime.agent.behaviour.unit === 'lane';
    if (order === 'partition') return 0;
    if (!isLane) return record.key === null ? undefined : record.key.toString('latin1');
    return (record.key === null ? this.#spread++ : murmur2(record.key) & 0x7fffffff) % this.concurrency;
  }
}
