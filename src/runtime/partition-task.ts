import type { StreamerError } from '../errors.ts';
import type { CommittedOffset, KafkaRecord, TopicPartition } from '../kafka/index.ts';
import type { Readable } from '../topics/index.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import { AgentTask, type TaskOwner } from './agent-task.ts';
import { REPLAY_AGENT_HEADER } from './dead-letters.ts';
import { type Decoded, decodeRecord } from './decode.ts';
import { encodeFinished, type FinishedMap } from './finished-map.ts';
import type { OffsetRange } from './offset-tracker.ts';

/** What a partition needs of its worker. */
export interface PartitionHost {
  readonly queueRecords: number;
  readonly queueBytes: number;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** The record's bytes do not fit the topic. Resolves when its dead letter is acknowledged. */
  undecodable(partition: TopicPartition, record: KafkaRecord, error: unknown): Promise<void>;
  tombstoneSkipped(): void;
  received(count: number): void;
}

/** How far the first unfinished offset may lie behind the last delivered before the partition pauses. */
const SPAN = 10_000;

/**
 * One assigned partition: decodes its records, gives them to the agents of its topic, knows what may be committed, and
 * pauses when an agent has too much. Dies with its assignment.
 */
export class PartitionTask implements TaskOwner {
  readonly partition: TopicPartition;
  readonly agents: readonly AgentTask[];
  readonly #readable: Readable<unknown, unknown>;
  readonly #host: PartitionHost;
  /** Intake waits for asynchronous serdes here, so that order holds. */
  #intake: Promise<void> | undefined;
  #intakeRecords = 0;
  #isPaused = false;
  #isAbandoned = false;
  #waiters: Array<() => void> = [];
  #committed: number;
  #committedMetadata: string;

  constructor(
    partition: TopicPartition,
    readable: Readable<unknown, unknown>,
    runtimes: readonly AgentRuntime[],
    start: { readonly position: number; readonly finished: FinishedMap; readonly metadata: string },
    host: PartitionHost,
  ) {
    this.partition = partition;
    this.#readable = readable;
    this.#host = host;
    this.#committed = start.position;
    this.#committedMetadata = start.metadata;
    const deliversTombstones = readable.tombstones === 'deliver';
    this.agents = runtimes.map((runtime) => {
      const finished = start.finished.get(runtime.agent.name) ?? [];
      return new AgentTask(runtime, partition, { position: start.position, finished, deliversTombstones }, this);
    });
  }

  /** Where reading goes on: the offset behind the last one taken in. */
  get end(): number {
    return Math.max(...this.agents.map((agent) => agent.tracker.end));
  }

  /** The smallest offset that some agent has not finished. */
  get position(): number {
    return Math.min(...this.agents.map((agent) => agent.tracker.position));
  }

  get inHand(): number {
    return this.agents.reduce((sum, agent) => sum + agent.inHand, 0);
  }

  /** Takes in records; never waits for their work. */
  deliver(records: readonly KafkaRecord[], nextOffset: number): void {
    if (this.#isAbandoned) return;
    if (this.#intake === undefined) {
      const left = this.#take(records, nextOffset);
      if (left !== undefined) this.#follow(left);
    } else {
      this.#intakeRecords += records.length;
      this.#follow(
        this.#intake.then(() => {
          this.#intakeRecords -= records.length;
          return this.#isAbandoned ? undefined : this.#take(records, nextOffset);
        }),
      );
    }
    this.#checkFlow();
  }

  progressed(): void {
    if (this.#isPaused) this.#checkFlow();
    if (this.#waiters.length > 0 && this.inHand === 0) this.#releaseWaiters();
  }

  /** What should be committed now; undefined when it is committed already. */
  uncommitted(): CommittedOffset | undefined {
    const offset = this.position;
    const map = new Map<string, OffsetRange[]>();
    for (const agent of this.agents) {
      const ranges = agent.tracker.finishedBeyond();
      const own = agent.tracker.position;
      if (own > offset) ranges.unshift([offset, own]);
      map.set(agent.agent, ranges);
    }
    const metadata = encodeFinished(offset, map);
    if (offset === this.#committed && metadata === this.#committedMetadata) return undefined;
    return { ...this.partition, offset, metadata };
  }

  committed({ offset, metadata }: CommittedOffset): void {
    this.#committed = offset;
    this.#committedMetadata = metadata ?? '';
  }

  /** Starts nothing more, and resolves when nothing is in hand. */
  drain(): Promise<void> {
    for (const agent of this.agents) agent.drain();
    return this.inHand === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Goes on under a new epoch, where its buffer ends. */
  resume(): void {
    this.#isPaused = false;
    for (const agent of this.agents) agent.resume();
    this.#checkFlow();
  }

  /** Tells how many events were in hand. */
  abandon(reason: StreamerError): number {
    this.#isAbandoned = true;
    this.#releaseWaiters();
    return this.agents.reduce((sum, agent) => sum + agent.abandon(reason), 0);
  }

  #releaseWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #follow(work: Promise<void>): void {
    const intake = work.then(() => {
      if (this.#intake === intake) this.#intake = undefined;
      this.#checkFlow();
    });
    this.#intake = intake;
  }

  /** Synchronous for as long as the serdes are. */
  #take(records: readonly KafkaRecord[], nextOffset: number): Promise<void> | undefined {
    const from = this.end;
    for (const [index, record] of records.entries()) {
      if (record.offset < from) continue;
      const decoded = decodeRecord(this.partition.topic, this.#readable, record);
      if (decoded instanceof Promise) return this.#takeLater(decoded, records, index, nextOffset);
      this.#add(record, decoded);
    }
    this.#advance(records.length, nextOffset);
    return undefined;
  }

  async #takeLater(first: Promise<Decoded>, records: readonly KafkaRecord[], index: number, nextOffset: number): Promise<void> {
    let decoded: Decoded | Promise<Decoded> = first;
    for (let at = index; at < records.length; at++) {
      const record = records[at]!;
      if (at > index) decoded = decodeRecord(this.partition.topic, this.#readable, record);
      const ready = await decoded;
      if (this.#isAbandoned) return;
      this.#add(record, ready);
      for (const agent of this.agents) agent.wake();
    }
    this.#advance(records.length, nextOffset);
  }

  #advance(count: number, nextOffset: number): void {
    for (const agent of this.agents) agent.tracker.advance(nextOffset);
    if (count === 0) return;
    this.#host.received(count);
    for (const agent of this.agents) agent.wake();
  }

  #add(record: KafkaRecord, decoded: Decoded): void {
    if (decoded.error !== undefined) {
      this.#refuse(record, decoded.error);
      return;
    }
    if (decoded.value === null && this.#readable.tombstones === 'skip') this.#host.tombstoneSkipped();
    const only = record.headers[REPLAY_AGENT_HEADER]?.toString();
    let isFirst = true;
    for (const agent of this.agents) {
      const isWanted =
        decoded.value !== null || this.#readable.tombstones === 'deliver' || agent.runtime.agent.behaviour.tombstones === true;
      if (!isWanted || (only !== undefined && only !== agent.agent)) {
        agent.pass(record.offset);
        continue;
      }
      // Agents do not share a value: one that changes it must not change it for its neighbours.
      const { key, value } = isFirst ? decoded : (decoded.again?.() ?? decoded);
      isFirst = false;
      agent.add(record, key, value);
    }
  }

  #refuse(record: KafkaRecord, error: unknown): void {
    const slots = this.agents.map((agent) => agent.tracker.add(record.offset));
    this.#host.undecodable(this.partition, record, error).then(() => {
      if (this.#isAbandoned) return;
      for (const [index, agent] of this.agents.entries()) agent.tracker.finish(slots[index]!);
      this.progressed();
    });
  }

  #checkFlow(): void {
    if (this.#isAbandoned) return;
    const share = this.#isPaused ? 0.5 : 1;
    const { queueRecords, queueBytes } = this.#host;
    const isFull =
      this.#intakeRecords > queueRecords * share ||
      this.agents.some(
        ({ tracker, unfinishedBytes }) =>
          tracker.unfinished >= queueRecords * share ||
          unfinishedBytes >= queueBytes * share ||
          tracker.end - tracker.position >= SPAN * share,
      );
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#host.pause(this.partition);
    else this.#host.resume(this.partition);
  }
}
