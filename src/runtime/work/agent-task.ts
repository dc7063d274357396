import type { BehaviourRun, OutputHeaders, PollOptions } from '../../agents/index.ts';
import type { StreamerError } from '../../errors.ts';
import type { KafkaRecord, TopicPartition } from '../../kafka/index.ts';
import type { OffsetRange } from '../offsets/offset-tracker.ts';
import type { OutputHolder } from '../output/attribution.ts';
import type { AgentTables } from '../state/agent-tables.ts';
import { Unacknowledged } from '../state/unacknowledged.ts';
import { AgentInbox, type InboxTask } from './agent-inbox.ts';
import { AgentOffsets } from './agent-offsets.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import type { OffsetlessOrigin, Origin } from './item.ts';
import { ItemEvent } from './item-event.ts';
import type { StartedItem } from './last-started.ts';
import { Outcomes } from './outcomes.ts';
import { WorkItem } from './work-item.ts';
import { WorkQueue } from './work-queue.ts';

/** Makes the key and value of a record again, from its bytes. */
export interface RecordValues {
  /** False when a serde is asynchronous: then `decode` cannot be used. */
  readonly canDecodeAgain: boolean;
  decode(record: KafkaRecord): { readonly key: unknown; readonly value: unknown; readonly error?: unknown };
}

export interface AgentTaskParts {
  readonly partition: TopicPartition;
  readonly position: number;
  /** What this agent has finished beyond the position, before a restart. */
  readonly finished: readonly OffsetRange[];
  /** The agent's sink functions get outputs that are null. */
  readonly deliversTombstones: boolean;
  readonly values: RecordValues;
  /** Called when flow control or a drain may have something to do. */
  readonly progressed: () => void;
  /** Tables that the agent names, in this task. @default none */
  readonly tables?: AgentTables | undefined;
}

/** No item has this slot: it is for those without an offset. */
const NO_SLOT = -1;

/**
 * One agent on one assigned partition: takes items in, lets its behaviour work on them in order, and knows which offsets are
 * finished. Dies with the assignment: outcomes that come later have no effect.
 */
export class AgentTask implements InboxTask {
  readonly partition: TopicPartition;
  readonly runtime: AgentRuntime;
  readonly deliversTombstones: boolean;
  readonly offsets: AgentOffsets;
  /** Records by offset whose dead letters are not acknowledged yet. */
  readonly letters = new Map<number, KafkaRecord>();
  readonly outcomes: Outcomes;
  readonly tables: AgentTables | undefined;
  /** Events that have finished with their writes to tables, before their outputs are acknowledged. */
  readonly unacknowledged = new Unacknowledged<WorkItem>();
  readonly #values: RecordValues;
  readonly #queue: WorkQueue;
  readonly #run: BehaviourRun;
  readonly #abandoned = new AbortController();
  #places = 0;
  #isDraining = false;

  constructor(runtime: AgentRuntime, { partition, position, finished, deliversTombstones, values, progressed, tables }: AgentTaskParts) {
    this.runtime = runtime;
    this.partition = partition;
    this.deliversTombstones = deliversTombstones;
    this.offsets = new AgentOffsets(position, finished);
    this.tables = tables;
    this.#values = values;
    this.#queue = new WorkQueue(runtime.agent, runtime.services.clock);
    this.outcomes = new Outcomes({
      runtime,
      queue: this.#queue,
      offsets: this.offsets,
      letters: this.letters,
      unacknowledged: this.unacknowledged,
      isStateful: tables?.areWritten === true,
      canDecodeAgain: () => values.canDecodeAgain,
      eventOf: (origin) => this.eventOf(origin),
      progressed,
      wake: () => this.wake(),
    });
    this.#run = runtime.agent.behaviour.open(new AgentInbox(this));
  }

  /** The agent's name. */
  get agent(): string {
    return this.runtime.agent.name;
  }

  get signal(): AbortSignal {
    return this.#abandoned.signal;
  }

  get inFlight(): number {
    return this.#queue.inFlight;
  }

  get unfinishedBytes(): number {
    return this.#queue.bytes;
  }

  /** Items that take part in flow control: not finished, or with outputs that are not acknowledged. */
  get unfinished(): number {
    return this.offsets.unfinished + this.unacknowledged.size;
  }

  /** The item that its handler has had for the longest time. */
  get oldest(): WorkItem | undefined {
    return this.#queue.oldest;
  }

  get lastStarted(): StartedItem | undefined {
    return this.#queue.lastStarted;
  }

  /** The unfinished item of an offset; undefined when it waits for acknowledgements alone. Slow: for looking into a stall. */
  find(offset: number): WorkItem | undefined {
    return this.#queue.find((item) => item.origin.offset === offset);
  }

  /** Takes in a decoded record, unless this agent has finished it before a restart. */
  add(record: KafkaRecord, key: unknown, value: unknown): void {
    const slot = this.offsets.add(record.offset);
    if (this.offsets.hasFinished(record.offset)) {
      this.offsets.finish(slot);
      return;
    }
    const event = new ItemEvent(this.partition.topic, this.partition.partition, record, key, value);
    this.#admit(new WorkItem(this, record, this.#places++, slot, event));
  }

  /** Takes in an item that is not a record: it comes behind all others of its unit. */
  addOffsetless(origin: OffsetlessOrigin): void {
    this.#admit(new WorkItem(this, origin, this.#places++, NO_SLOT, undefined));
  }

  /** All records of a fetch have been given to this task, or to others. @param nextOffset where reading goes on */
  fetchTaken(nextOffset: number): void {
    this.offsets.advance(nextOffset);
    this.#queue.fetchTaken();
  }

  wake(): void {
    if (this.#mayStart) this.#run.wake();
  }

  start(max: number, options: PollOptions): WorkItem[] {
    if (!this.#mayStart) return [];
    return this.#queue.poll(max, this.#oneOfEachUnit && options.runs === true ? { ...options, runs: false } : options);
  }

  emit(item: WorkItem, holder: OutputHolder, output: unknown, headers?: OutputHeaders): void {
    this.runtime.emit(item, holder, output, headers);
  }

  /** The event of an origin, made from its bytes. */
  eventOf(origin: Origin): ItemEvent {
    if (origin.offset === undefined) return origin.event();
    const { key, value, error } = this.#values.decode(origin);
    // The same bytes were decoded before, so this serde cannot be relied upon: nothing of it is committed.
    if (error !== undefined) this.runtime.report.undecodable({ ...this.partition, offset: origin.offset }, error);
    return new ItemEvent(this.partition.topic, this.partition.partition, origin, key, value);
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

  /** From now on nothing that happens here counts. Returns the number of items that were with the behaviour. */
  abandon(reason: StreamerError): number {
    const { inFlight } = this.#queue;
    this.outcomes.abandon();
    this.unacknowledged.close(reason);
    this.#abandoned.abort(reason);
    this.#queue.close(reason);
    void this.#run.close();
    return inFlight;
  }

  /**
   * What an event reads from tables is there when those before it in its unit have finished: so it starts after them, and not in one
   * batch with them. Generators take batches that finish together.
   */
  get #oneOfEachUnit(): boolean {
    return this.tables?.areWritten === true && this.runtime.agent.behaviour.unit !== 'lane';
  }

  get #mayStart(): boolean {
    return !this.#isDraining && this.outcomes.isCurrent;
  }

  #admit(item: WorkItem): void {
    this.#queue.add(item, this.#mayStart ? this.#run : undefined);
  }
}
