import type { Subscription, TopicPartition } from '../../kafka/index.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { Backlog } from './backlog.ts';

// Records are let in when a quarter of the queue is free, but never when more is free than the run-ahead allows: a share of the
// larger of the two is never reached, and the partition stands still (it did from queueRecords 40,001 on).

export interface FlowLimits {
  /** Unfinished records of one agent at which a partition pauses. */
  readonly queueRecords: number;
  /** The same in bytes. */
  readonly queueBytes: number;
}

/** Starts and stops the delivery of partitions. */
export type Fetching = Pick<Subscription, 'pause' | 'resume'>;

/** How far, in offsets, work may run ahead of the first unfinished one. */
const RUN_AHEAD = 10_000;

/** How much a partition lets in, and whether more is fetched: as the agent with the least room says. */
export class FlowControl {
  readonly #partition: TopicPartition;
  readonly #agents: readonly AgentTask[];
  readonly #backlog: Backlog;
  readonly #limits: FlowLimits;
  readonly #fetching: Fetching;
  readonly #runAhead: number;
  readonly #isExact: boolean;
  #isPaused = false;

  /** @param runAhead set where the finished map has to be exact: no record further ahead of what is committed is let in */
  constructor(
    partition: TopicPartition,
    agents: readonly AgentTask[],
    backlog: Backlog,
    limits: FlowLimits,
    fetching: Fetching,
    runAhead?: number,
  ) {
    this.#partition = partition;
    this.#agents = agents;
    this.#backlog = backlog;
    this.#limits = limits;
    this.#fetching = fetching;
    this.#runAhead = runAhead ?? RUN_AHEAD;
    this.#isExact = runAhead !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Records that may be let in now. */
  get room(): number {
    const { queueRecords, queueBytes } = this.#limits;
    let room = queueRecords;
    for (const { offsets, unfinished, unfinishedBytes } of this.#agents) {
      if (unfinishedBytes >= queueBytes) return 0;
      room = Math.min(room, queueRecords - unfinished, this.#runAhead - (offsets.end - offsets.position));
    }
    return room;
  }

  /** False for a record that would be too far ahead, also where a gap of the log lies before it. */
  mayLetIn(offset: number): boolean {
    if (!this.#isExact) return true;
    let position = Number.POSITIVE_INFINITY;
    let unfinished = 0;
    for (const { offsets } of this.#agents) {
      position = Math.min(position, offsets.position);
      unfinished += offsets.unfinished;
    }
    return unfinished === 0 || offset < position + this.#runAhead;
  }

  /** True if so much is free that letting in more is worth it: one record for each that leaves would wake every agent for each event. */
  get isRoomy(): boolean {
    return this.room >= Math.min(this.#limits.queueRecords, this.#runAhead) / 4;
  }

  /** Nothing is fetched until `open`: a new assignment fetches every partition, whatever was paused before. */
  hold(): void {
    this.#isPaused = true;
    this.#fetching.pause([this.#partition]);
  }

  open(): void {
    this.#isPaused = false;
    this.#fetching.resume([this.#partition]);
  }

  /**
   * A partition pauses when its agents have enough, or when there is enough with what has been fetched, of which the last
   * fetch does not count: it comes while the one before it is worked on, so that there is no waiting between two.
   */
  check(): void {
    const share = this.#isPaused ? 0.5 : 1;
    const { queueRecords, queueBytes } = this.#limits;
    const { batches, bytes, length } = this.#backlog;
    const fetched = batches > 1 ? length : 0;
    const isFull = this.#agents.some(
      ({ offsets, unfinished, unfinishedBytes }) =>
        unfinished + fetched >= queueRecords * share ||
        unfinishedBytes + bytes >= queueBytes * share ||
        offsets.end - offsets.position >= this.#runAhead * share,
    );
    if (isFull === this.#isPaused) return;
    if (isFull) this.hold();
    else this.open();
  }
}
