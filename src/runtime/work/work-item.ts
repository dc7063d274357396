import type { Delivery, OutputHeaders } from '../../agents/index.ts';
import type { TopicPartition } from '../../kafka/index.ts';
import type { TableAccess } from '../../tables/index.ts';
import type { EventPlace } from '../events/worker-events.ts';
import { type OutputHolder, runWith } from '../output/attribution.ts';
import type { AgentTables } from '../state/agent-tables.ts';
import { EventScope } from '../state/event-scope.ts';
import { notNamed } from '../state/table-host.ts';
import { Attempt, type AttemptOutcomes } from './attempt.ts';
import { type Item, type Origin, sizeOfOrigin } from './item.ts';
import type { ItemEvent } from './item-event.ts';
import type { Ordered, Unit } from './ordering/unit.ts';

/** How an item ends; `done` until its failure policy says otherwise. */
export type Outcome = 'done' | 'skipped' | 'dead_letter';

/** What an item asks of the task that it belongs to. */
export interface ItemTask {
  /** Tables that its agent names; undefined for none. */
  readonly tables: AgentTables | undefined;
  /** The agent's name. */
  readonly agent: string;
  readonly partition: TopicPartition;
  /** Sink functions get outputs that are null. */
  readonly deliversTombstones: boolean;
  readonly outcomes: AttemptOutcomes<WorkItem>;
  eventOf(origin: Origin): ItemEvent;
  /** Hands an output of the item to the agent's sinks, on behalf of the holder. */
  emit(item: WorkItem, holder: OutputHolder, output: unknown, headers?: OutputHeaders): void;
}

/** What is known of an item that was started before. */
interface History {
  /** Counts the next one. */
  attempt: number;
  /** Waits for something outside, which do not count as attempts. */
  waits: number;
  /** Start of the first of these waits. */
  waitingSince: number | undefined;
  /** Start of the last of these waits. */
  waitedAt: number | undefined;
  readonly firstStartedAt: number;
}

/** An item on its way through one agent: what its handler holds, and where it stands in the order. */
export class WorkItem implements Item, Ordered<WorkItem>, Delivery<unknown, unknown, unknown>, OutputHolder {
  readonly place: number;
  readonly origin: Origin;
  readonly size: number;
  /** Of a record: its place among the offsets that its agent has not finished. */
  readonly slot: number;
  unit: Unit<WorkItem> | undefined;
  next: WorkItem | undefined;
  isBackingOff = false;
  /** Handled and acknowledged, though earlier ones of its unit may not be. */
  isSettled = false;
  isFinished = false;
  /** It has finished with its writes to tables, and some of its outputs are not acknowledged. */
  isUnacknowledged = false;
  outcome: Outcome = 'done';
  /** Its question, if it is one, has an answer. */
  hasReplied = false;
  startedAt = 0;
  readonly #task: ItemTask;
  #event: ItemEvent | undefined;
  #attempt: Attempt<WorkItem> | undefined;
  #history: History | undefined;
  #scope: EventScope<WorkItem> | undefined;

  /** @param event made already, where it is */
  constructor(task: ItemTask, origin: Origin, place: number, slot: number, event: ItemEvent | undefined) {
    this.#task = task;
    this.origin = origin;
    this.place = place;
    this.slot = slot;
    this.size = sizeOfOrigin(origin);
    this.#event = event;
  }

  get event(): ItemEvent {
    this.#event ??= this.#task.eventOf(this.origin);
    return this.#event;
  }

  get partition(): TopicPartition {
    return this.#task.partition;
  }

  get at(): EventPlace {
    return { ...this.#task.partition, offset: this.origin.offset };
  }

  get deliversTombstones(): boolean {
    return this.#task.deliversTombstones;
  }

  get isCurrent(): boolean {
    return this.#task.outcomes.isCurrent;
  }

  get run(): unknown {
    return this.unit ?? this;
  }

  get attempt(): number {
    return this.#history?.attempt ?? 1;
  }

  get waits(): number {
    return this.#history?.waits ?? 0;
  }

  /** Epoch milliseconds of its first failure by something outside that cannot be reached. */
  get waitingSince(): number | undefined {
    return this.#history?.waitingSince;
  }

  /** Epoch milliseconds of its last one. */
  get waitedAt(): number | undefined {
    return this.#history?.waitedAt;
  }

  get firstStartedAt(): number {
    return this.#history?.firstStartedAt ?? this.startedAt;
  }

  /** The handler has said nothing yet. */
  get isWithHandler(): boolean {
    return this.#attempt?.isWithHandler === true;
  }

  /** The handler, or a sink function of an output, has not ended. */
  get isHeld(): boolean {
    return this.#attempt?.isHeld === true;
  }

  /** The handler has ended, well or not; outputs may be on their way. */
  get isHandled(): boolean {
    return this.#attempt?.isHeld === false && !this.isFinished;
  }

  start(now: number): void {
    this.#attempt = new Attempt(this, this.#task.outcomes);
    this.startedAt = now;
  }

  within<T>(work: () => T): T {
    return runWith(this.#holder, work);
  }

  emit(output: unknown, headers?: OutputHeaders): void {
    if (this.isWithHandler) this.#task.emit(this, this.#holder, output, headers);
  }

  /** In a task with tables: what this attempt does with them. Several events that are handled together share one. */
  get scope(): EventScope<WorkItem> | undefined {
    return this.#scope;
  }

  set scope(scope: EventScope<WorkItem> | undefined) {
    this.#scope = scope;
  }

  get currentAttempt(): Attempt<WorkItem> | undefined {
    return this.#attempt;
  }

  get isOver(): boolean {
    return false;
  }

  output(): (error?: unknown) => void {
    return this.#attempt?.output() ?? ignore;
  }

  work(): (error?: unknown) => void {
    return this.#attempt?.work() ?? ignore;
  }

  access(table: string, use: 'read' | 'write'): TableAccess {
    throw notNamed(table, this.#task.agent, use);
  }

  done(): void {
    this.#attempt?.done();
  }

  fail(error: unknown): void {
    this.#attempt?.fail(error);
  }

  release(): void {
    this.#attempt?.release();
  }

  /** Back to waiting, to be started again. What the attempt wrote to tables is dropped with its scope. */
  reset(): void {
    this.#attempt = undefined;
    this.#scope = undefined;
    this.#history ??= { attempt: 1, waits: 0, waitingSince: undefined, waitedAt: undefined, firstStartedAt: this.startedAt };
  }

  /** As `reset`, after a failure: the signal of the old event stays aborted, so the next attempt gets an event of its own. */
  retry(event: ItemEvent, { counts, now }: { readonly counts: 'attempt' | 'waits'; readonly now: number }): void {
    this.reset();
    this.#event = event;
    if (this.#history === undefined) return;
    this.#history[counts]++;
    if (counts === 'attempt') return;
    this.#history.waitingSince ??= now;
    this.#history.waitedAt = now;
  }

  /** What it does now belongs to this: in a task with tables to its attempt alone. */
  get #holder(): OutputHolder {
    const { tables } = this.#task;
    if (tables === undefined) return this;
    this.#scope ??= new EventScope(tables, [this]);
    return this.#scope;
  }

  /** Lets go of the decoded value: it is made again when somebody looks. */
  forgetEvent(): void {
    this.#event = undefined;
  }
}

function ignore(): void {}
