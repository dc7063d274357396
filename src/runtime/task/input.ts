import { isUnavailable, StreamerError } from '../../errors.ts';
import type { CommittedOffset, KafkaRecord, KafkaRecords, TopicPartition } from '../../kafka/index.ts';
import { backoff, sleep } from '../../timing/index.ts';
import { type Readable, SerdeError } from '../../topics/index.ts';
import type { FinishedMap } from '../offsets/finished-map.ts';
import { REPLAY_AGENT_HEADER } from '../output/letters/dead-letters.ts';
import type { AgentRuntime } from '../work/agent-runtime.ts';
import { AgentTask, type TaskOwner } from '../work/agent-task.ts';
import { Backlog } from './backlog.ts';
import { CommitPoint } from './commit-point.ts';
import { type Decoded, RecordDecoder } from './decoder.ts';
import { FlowControl, type FlowHost } from './flow-control.ts';

/** What a partition needs of its worker. */
export interface PartitionHost extends FlowHost {
  /** The record's bytes do not fit the topic. Resolves when its dead letter is acknowledged. */
  undecodable(partition: TopicPartition, record: KafkaRecord, error: unknown): Promise<void>;
  tombstoneSkipped(): void;
  received(count: number): void;
}

/** Longest stretch of work without letting go of the thread: the next fetch, acknowledgements and heartbeats go on between. */
const SLICE_MS = 5;
/** Records between two looks at the clock. */
const SLICE_RECORDS = 16;

/**
 * One assigned partition: decodes its records, gives them to the agents of its topic, knows what may be committed, and
 * pauses when an agent has too much. Dies with its assignment.
 */
export class PartitionTask implements TaskOwner {
  readonly partition: TopicPartition;
  readonly agents: readonly AgentTask[];
  readonly #readable: Readable<unknown, unknown>;
  readonly #host: PartitionHost;
  readonly #decoder: RecordDecoder;
  readonly #backlog: Backlog;
  readonly #flow: FlowControl;
  readonly #commitPoint: CommitPoint;
  /** The record whose decoding is waited for. */
  decoding: KafkaRecord | undefined;
  #canDecodeAgain = true;
  #isAdmitting = false;
  #isScheduled = false;
  #isDraining = false;
  #isAbandoned = false;
  readonly #ended = new AbortController();
  #waiters: Array<() => void> = [];

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
    this.#decoder = new RecordDecoder(partition.topic, readable);
    this.#backlog = new Backlog(start.position);
    const deliversTombstones = readable.tombstones === 'deliver';
    this.agents = runtimes.map((runtime) => {
      const finished = start.finished.get(runtime.agent.name) ?? [];
      return new AgentTask(runtime, partition, { position: start.position, finished, deliversTombstones }, this);
    });
    this.#commitPoint = new CommitPoint(partition, this.agents, start);
    this.#flow = new FlowControl(partition, this.agents, this.#backlog, host);
  }

  /** Where reading goes on: the offset behind the last one fetched. */
  get end(): number {
    return this.#backlog.end;
  }

  /** Records that wait to be decoded. */
  get waiting(): number {
    return this.#backlog.length;
  }

  /** The smallest offset that some agent has not finished. */
  get position(): number {
    return this.#commitPoint.position;
  }

  get canDecodeAgain(): boolean {
    return this.#canDecodeAgain;
  }

  decode(record: KafkaRecord): Decoded {
    const decoded = this.#decoder.decode(record);
    if (!(decoded instanceof Promise)) return decoded;
    const error = new StreamerError('USAGE', 'the serde has answered at once so far, and does not any more', this.partition);
    return { key: undefined, value: undefined, error };
  }

  get inFlight(): number {
    return this.agents.reduce((sum, agent) => sum + agent.inFlight, 0);
  }

  /** Takes in records; their work begins later, so that the next fetch is under way before it. */
  deliver(records: KafkaRecords, nextOffset: number): void {
    if (this.#isAbandoned) return;
    this.#backlog.push(records, nextOffset);
    this.#schedule();
    this.#checkFlow();
  }

  progressed(): void {
    if (this.#waiters.length > 0 && this.inFlight === 0) this.#releaseWaiters();
    if (this.#isAdmitting) return;
    if (!this.#isScheduled && this.#backlog.batches > 0 && this.#mayAdmit && this.#flow.isRoomy) this.#schedule();
    if (this.#flow.isPaused) this.#checkFlow();
  }

  /** What should be committed now; undefined when it is committed already. */
  uncommitted(): CommittedOffset | undefined {
    return this.#commitPoint.next;
  }

  committed(offset: CommittedOffset): void {
    this.#commitPoint.committed(offset);
  }

  /** Starts nothing more, and resolves when nothing is in hand. */
  drain(): Promise<void> {
    this.#isDraining = true;
    for (const agent of this.agents) agent.drain();
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Goes on under a new epoch, where its buffer ends. */
  resume(): void {
    this.#flow.reset();
    this.#isDraining = false;
    for (const agent of this.agents) agent.resume();
    this.#schedule();
    this.#checkFlow();
  }

  /** Tells how many events were in hand. */
  abandon(reason: StreamerError): number {
    this.#isAbandoned = true;
    this.#ended.abort();
    this.#releaseWaiters();
    return this.agents.reduce((sum, agent) => sum + agent.abandon(reason), 0);
  }

  #releaseWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isAdmitting) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#admit();
    });
  }

  /** Lets records in for as long as every agent has room and the slice lasts; synchronous for as long as the serdes are. */
  #admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    const until = Date.now() + SLICE_MS;
    let isMore = true;
    while (isMore && Date.now() < until) {
      const most = this.#mayAdmit ? Math.min(this.#flow.room, SLICE_RECORDS) : 0;
      const admitted = this.#admitUpTo(most);
      if (admitted === undefined) return;
      isMore = admitted > 0 && admitted === most;
    }
    this.#isAdmitting = false;
    if (isMore) this.#schedule();
    this.progressed();
  }

  /** Tells how many it were; undefined when one has to be waited for. */
  #admitUpTo(most: number): number | undefined {
    let admitted = 0;
    while (admitted < most) {
      const record = this.#backlog.shift(this.#pass);
      if (record === undefined) break;
      const decoded = this.#decoder.decode(record);
      if (decoded instanceof Promise || isUnavailable(decoded.error)) {
        this.#canDecodeAgain = false;
        this.#admitted(admitted);
        void this.#admitLater(record, decoded);
        return undefined;
      }
      this.#add(record, decoded);
      admitted++;
    }
    this.#admitted(admitted);
    return admitted;
  }

  /** An asynchronous serde, or one that waits for something outside: those behind wait too, so that order holds. */
  async #admitLater(record: KafkaRecord, decoding: Decoded | Promise<Decoded>): Promise<void> {
    this.decoding = record;
    let decoded = await decoding;
    if (isUnavailable(decoded.error)) decoded = await this.#decodeWhenReachable(record, decoded);
    this.decoding = undefined;
    if (this.#isAbandoned) return;
    this.#add(record, decoded);
    this.#admitted(1);
    this.#isAdmitting = false;
    this.#admit();
  }

  /** A schema registry that cannot be reached, say, is no fault of the record: it is waited for without end, and visibly. */
  async #decodeWhenReachable(record: KafkaRecord, first: Decoded): Promise<Decoded> {
    let decoded = first;
    for (let attempt = 1; isUnavailable(decoded.error) && !this.#isAbandoned; attempt++) {
      for (const { runtime } of this.agents) runtime.holds(decoded.error);
      await sleep(backoff(attempt, 500, 30_000), this.#ended.signal);
      if (!this.#isAbandoned) decoded = await this.#decoder.decode(record);
    }
    for (const { runtime } of this.agents) runtime.resumes();
    return decoded;
  }

  /** A fetch is through. */
  readonly #pass = (nextOffset: number): void => {
    for (const agent of this.agents) agent.tracker.advance(nextOffset);
  };

  #admitted(count: number): void {
    if (count === 0) return;
    this.#host.received(count);
    for (const agent of this.agents) agent.wake();
  }

  get #mayAdmit(): boolean {
    return !this.#isAbandoned && !this.#isDraining;
  }

  #checkFlow(): void {
    if (!this.#isAbandoned) this.#flow.check();
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
      const { key, value } = isFirst ? decoded : this.#decodeAgain(record, decoded);
      isFirst = false;
      agent.add(record, key, value);
    }
  }

  #refuse(record: KafkaRecord, error: unknown): void {
    if (this.agents.every((agent) => agent.hasFinished(record.offset))) {
      // Its dead letter was written before a restart.
      for (const agent of this.agents) agent.pass(record.offset);
      return;
    }
    const slots = this.agents.map((agent) => agent.tracker.add(record.offset));
    for (const agent of this.agents) agent.letters.set(record.offset, record);
    const { topic, partition } = this.partition;
    const placed = error instanceof SerdeError ? error.at({ topic, partition, offset: record.offset }) : error;
    this.#host.undecodable(this.partition, record, placed).then(() => {
      if (this.#isAbandoned) return;
      for (const [index, agent] of this.agents.entries()) {
        agent.letters.delete(record.offset);
        agent.tracker.finish(slots[index]!);
      }
      this.progressed();
    });
  }

  #decodeAgain(record: KafkaRecord, first: Decoded): Decoded {
    const decoded = this.#decoder.decode(record);
    // Results of asynchronous serdes are shared: waiting once more would let others overtake.
    return decoded instanceof Promise ? first : decoded;
  }
}
