import type { KafkaRecord } from '../../kafka/index.ts';
import { isUnavailable } from '../../outage.ts';
import { backoff, type Clock, sleep } from '../../timing/index.ts';
import type { AgentTask } from '../work/agent-task.ts';
import type { Backlog } from './backlog.ts';
import type { Decoded, RecordDecoder } from './decoder.ts';
import type { Dispatch } from './dispatch.ts';
import type { FlowControl } from './flow-control.ts';
import type { TaskPhase } from './phase.ts';
import type { SecondDecoding } from './second-decoding.ts';

/** Longest stretch of work without letting go of the thread: the next fetch, acknowledgements and heartbeats go on between. */
const SLICE_MS = 5;
/** Records between two looks at the clock. */
const SLICE_RECORDS = 16;

/** What an admission works on: all of one input. */
export interface AdmissionParts {
  readonly backlog: Backlog;
  readonly decoder: RecordDecoder;
  readonly values: SecondDecoding;
  readonly dispatch: Dispatch;
  readonly flow: FlowControl;
  readonly agents: readonly AgentTask[];
  readonly phase: TaskPhase;
  readonly clock: Clock;
  /** Called at the end of each slice. */
  readonly progressed: () => void;
}

/**
 * Lets records in while every agent has room: decodes them and dispatches them, in slices. Where a serde is
 * asynchronous, or waits for something outside, later records wait too, so that order is kept.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  #turn: 'idle' | 'scheduled' | 'admitting' = 'idle';
  #decoding: KafkaRecord | undefined;
  /** The next record, which is too far ahead of what is unfinished. */
  #held: KafkaRecord | undefined;
  /** The worker ends: nothing more is let in. */
  #isHalted = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  get isAdmitting(): boolean {
    return this.#turn === 'admitting';
  }

  /** The record whose decoding is waited for. */
  get decoding(): KafkaRecord | undefined {
    return this.#decoding;
  }

  /** Begins in a turn of its own, so that the next fetch is under way before it. */
  schedule(): void {
    if (this.#turn !== 'idle') return;
    this.#turn = 'scheduled';
    setImmediate(() => {
      this.#turn = 'idle';
      this.#admit();
    });
  }

  /** Goes on if there is something to let in, and room enough for it to be worth it. */
  proceed(): void {
    const { backlog, flow } = this.#parts;
    if (this.#turn === 'idle' && (backlog.batches > 0 || this.#held !== undefined) && this.#isRunning && flow.isRoomy) this.schedule();
  }

  #admit(): void {
    this.#turn = 'admitting';
    const { flow } = this.#parts;
    const until = Date.now() + SLICE_MS;
    let isMore = true;
    while (isMore && Date.now() < until) {
      const most = this.#isRunning ? Math.min(flow.room, SLICE_RECORDS) : 0;
      const admitted = this.#admitUpTo(most);
      if (admitted === undefined) return;
      isMore = admitted > 0 && admitted === most;
    }
    this.#turn = 'idle';
    if (isMore) this.schedule();
    this.#parts.progressed();
  }

  /** Returns how many records it has let in, or undefined when one has to be waited for. */
  #admitUpTo(most: number): number | undefined {
    const { backlog, decoder, dispatch, flow, values } = this.#parts;
    let admitted = 0;
    while (admitted < most) {
      const record = this.#held ?? backlog.shift(this.#pass);
      this.#held = undefined;
      if (record === undefined) break;
      if (!flow.mayLetIn(record.offset)) {
        this.#held = record;
        break;
      }
      const decoded = decoder.decode(record);
      if (decoded instanceof Promise || isUnavailable(decoded.error)) {
        values.canDecodeAgain = false;
        dispatch.wake(admitted);
        void this.#admitLater(record, decoded);
        return undefined;
      }
      if (!dispatch.take(record, decoded)) {
        this.#isHalted = true;
        break;
      }
      admitted++;
    }
    dispatch.wake(admitted);
    return admitted;
  }

  async #admitLater(record: KafkaRecord, decoding: Decoded | Promise<Decoded>): Promise<void> {
    this.#decoding = record;
    let decoded = await decoding;
    if (isUnavailable(decoded.error)) decoded = await this.#decodeWhenReachable(record, decoded);
    this.#decoding = undefined;
    if (this.#isClosed) return;
    this.#parts.dispatch.take(record, decoded);
    this.#parts.dispatch.wake(1);
    this.#admit();
  }

  /** A schema registry that cannot be reached, say, is not the record's fault: it is waited for without end, and visibly. */
  async #decodeWhenReachable(record: KafkaRecord, first: Decoded): Promise<Decoded> {
    const { agents, clock, decoder, phase } = this.#parts;
    let decoded = first;
    for (let attempt = 1; isUnavailable(decoded.error) && !this.#isClosed; attempt++) {
      for (const { runtime } of agents) runtime.waiting.holds(decoded.error);
      await sleep(backoff(attempt, 500, 30_000), phase.closed, clock);
      if (!this.#isClosed) decoded = await decoder.decode(record);
    }
    for (const { runtime } of agents) runtime.waiting.resumes();
    return decoded;
  }

  /** All records of a fetch are taken. */
  readonly #pass = (nextOffset: number): void => {
    for (const agent of this.#parts.agents) agent.fetchTaken(nextOffset);
  };

  get #isRunning(): boolean {
    return this.#parts.phase.current === 'running' && !this.#isHalted;
  }

  get #isClosed(): boolean {
    return this.#parts.phase.current === 'closed';
  }
}
