import type { Delivery, OutputHeaders } from '../../agents/index.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import { type OutputHolder, runWith } from '../output/attribution.ts';
import type { AgentTask } from './agent-task.ts';
import type { Unit } from './ordering/units.ts';
import type { RecordEvent } from './record-event.ts';

type State = 'waiting' | 'inFlight' | 'handled' | 'failed' | 'finished';

/**
 * One event on its way through one agent. Its handler says `done` or `fail` once per try; then its outputs are awaited;
 * then it is finished, tried again, or dead-lettered. A call that comes too late (after a time-out, or for a partition
 * that is gone) has no effect.
 */
export class WorkItem implements Delivery<unknown, unknown, unknown>, OutputHolder {
  #event: RecordEvent | undefined;
  readonly record: KafkaRecord;
  readonly slot: number;
  readonly size: number;
  attempt = 1;
  /** Waits for something outside, which do not count as tries. */
  waits = 0;
  /** Its next try waits for its time. */
  isBackingOff = false;
  unit: Unit | undefined;
  /** The one behind it in its unit's list. */
  next: WorkItem | undefined;
  startedAt = 0;
  #firstStartedAt = 0;
  /** Handled and acknowledged, though earlier ones of its unit may not be. */
  isSettled = false;
  /** Somebody asked, and has been answered. */
  hasReplied = false;
  #state: State = 'waiting';
  #pending = 0;
  #error: unknown;
  /** Sink functions that are at work for it. */
  #working = 0;
  /** What one of them failed with. */
  #workError: unknown;
  /** The handler has said that it is done. */
  #isThrough = false;
  /** Set while a try's outcome is open; what an older try does later has no effect. */
  #isOpen = false;
  #try = 0;
  readonly #task: AgentTask;

  constructor(task: AgentTask, event: RecordEvent, record: KafkaRecord, slot: number, size: number) {
    this.#task = task;
    this.#event = event;
    this.record = record;
    this.slot = slot;
    this.size = size;
  }

  get event(): RecordEvent {
    this.#event ??= this.#task.eventOf(this);
    return this.#event;
  }

  get firstStartedAt(): number {
    return this.#firstStartedAt === 0 ? this.startedAt : this.#firstStartedAt;
  }

  get partition(): TopicPartition {
    return this.#task.partition;
  }

  /** The signal of a try that failed stays aborted: the next try gets an event of its own. */
  renew(event: RecordEvent): void {
    this.#event = event;
  }

  get offset(): number {
    return this.record.offset;
  }

  get run(): unknown {
    return this.unit ?? this;
  }

  get deliversTombstones(): boolean {
    return this.#task.deliversTombstones;
  }

  get isInFlight(): boolean {
    return this.#state === 'inFlight' && !this.#isThrough;
  }

  /** The handler, or a sink function of an output, has not ended. */
  get isHeld(): boolean {
    return this.#state === 'inFlight';
  }

  /** The handler is through, well or not; outputs may be on their way. */
  get isHandled(): boolean {
    return this.#state === 'handled' || this.#state === 'failed';
  }

  get isFinished(): boolean {
    return this.#state === 'finished';
  }

  get isCurrent(): boolean {
    return !this.#task.isAbandoned;
  }

  start(now: number): void {
    this.#state = 'inFlight';
    this.#error = undefined;
    this.#pending = 0;
    this.#working = 0;
    this.#workError = undefined;
    this.#isThrough = false;
    this.#isOpen = true;
    this.#try++;
    if (this.#firstStartedAt === 0) this.#firstStartedAt = this.startedAt;
    this.startedAt = now;
  }

  within<T>(work: () => T): T {
    return runWith(this, work);
  }

  emit(output: unknown, headers?: OutputHeaders): void {
    if (this.isInFlight) this.#task.emit(this, this, output, headers);
  }

  output(): (error?: unknown) => void {
    const life = this.#try;
    if (!this.#isOpen) return () => {};
    this.#pending++;
    return (error) => {
      if (life !== this.#try || !this.#isOpen) return;
      this.#pending--;
      if (error !== undefined) this.#error ??= error;
      if (this.#pending === 0 && this.#state !== 'inFlight') this.#settle();
    };
  }

  work(): (error?: unknown) => void {
    const life = this.#try;
    const end = this.output();
    if (!this.#isOpen) return end;
    this.#working++;
    return (error) => {
      if (life !== this.#try || !this.#isOpen) return;
      this.#working--;
      if (error !== undefined) this.#workError ??= error;
      if (this.#isThrough && this.#working === 0) this.#leaveHand();
      end();
    };
  }

  done(): void {
    if (!this.isInFlight) return;
    this.#isThrough = true;
    if (this.#working === 0) this.#leaveHand();
  }

  fail(error: unknown): void {
    if (!this.isInFlight) return;
    this.#state = 'failed';
    this.#error = error;
    if (this.#pending === 0) this.#settle();
  }

  release(): void {
    if (!this.isInFlight) return;
    this.#state = 'waiting';
    this.#isOpen = false;
    this.#task.released(this);
  }

  /** Back to waiting, after a failure that will be tried again. */
  reset(): void {
    this.#state = 'waiting';
    this.#error = undefined;
  }

  finished(): void {
    this.#state = 'finished';
  }

  /** Handler and sink functions are through: the next of the unit may start, though outputs may still be on their way. */
  #leaveHand(): void {
    if (this.#workError === undefined) {
      this.#state = 'handled';
      // Thousands wait for acknowledgements, which are rarely refused: their values need not wait with them.
      if (this.#pending > 0 && this.#task.canDecodeAgain) this.#event = undefined;
      this.#task.handled(this, this.#pending === 0);
    } else {
      this.#state = 'failed';
      this.#error = this.#workError;
    }
    if (this.#pending === 0) this.#settle();
  }

  #settle(): void {
    this.#isOpen = false;
    if (!this.isCurrent) return;
    if (this.#state === 'failed') this.#task.failed(this, this.#error, false);
    else if (this.#error !== undefined) this.#task.failed(this, this.#error, true);
    else this.#task.settled(this);
  }
}
