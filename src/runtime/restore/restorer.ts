import { describeError, type StreamerError } from '../../errors.ts';
import { type KafkaAdmin, type KafkaClient, type KafkaReader, partitionKey, type ReadRange } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { type Clock, persist, sleep } from '../../timing/index.ts';
import type { Tell } from '../events/worker-events.ts';
import type { Fencing } from '../group/fencing.ts';
import { type OffsetsMovedPolicy, offsetsMoved } from '../group/offsets-moved.ts';
import type { TaskState } from '../state/task-state.ts';
import type { Task } from '../task/task.ts';
import { LogEnds } from './log-ends.ts';
import { Progress } from './progress.ts';
import { ShardRestore } from './shard-restore.ts';
import { Slices } from './slices.ts';

export interface RestorerParts {
  readonly client: Pick<KafkaClient, 'reader'>;
  readonly admin: () => Promise<KafkaAdmin>;
  readonly renewAdmin: () => void;
  readonly fencing: Fencing;
  readonly onOffsetsMoved: OffsetsMovedPolicy;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** Longest stretch of work on what was read, of all tasks together. */
const SLICE_MS = 5;
/** Between two looks at whether an open transaction holds up what is left to read. */
const LOOK_MS = 100;

const log = libraryLog('worker');

/**
 * Fills the tables of tasks from their changelogs, before the tasks run. The log is read up to the end that it has when the task's
 * positions are known, uncommitted records included: the markers of one transaction reach partitions at different moments, so the
 * positions may be committed while a changelog's part is still open. What a task has read it keeps, when a rebalance comes meanwhile.
 */
export class Restorer {
  readonly #parts: RestorerParts;
  readonly #ends: LogEnds;
  readonly #slices = new Slices(SLICE_MS);
  readonly progress: Progress;
  readonly #shards = new WeakMap<TaskState, readonly ShardRestore[]>();
  /** The restore of a task before the last rebalance goes on, and the next one waits for it. */
  readonly #running = new WeakMap<TaskState, Promise<void>>();
  #reader: Promise<KafkaReader> | undefined;

  constructor(parts: RestorerParts) {
    this.#parts = parts;
    this.#ends = new LogEnds(parts.admin);
    this.progress = new Progress(parts.clock, parts.tell);
  }

  /** @throws StreamerError (rejects) when the tables cannot be restored, or do not belong to the group's offsets */
  readonly restore = async (task: Task, signal: AbortSignal): Promise<void> => {
    const { state } = task;
    if (state === undefined || task.isRestored) return;
    const before = this.#running.get(state) ?? Promise.resolve();
    const running = before.catch(() => {}).then(() => this.#restore(task, state, signal));
    this.#running.set(state, running);
    await running;
  };

  async close(): Promise<void> {
    await (await this.#reader?.catch(() => undefined))?.close();
  }

  async #restore(task: Task, state: TaskState, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const shards = this.#shards.get(state) ?? [...state.shards.values()].map((shard) => new ShardRestore(shard));
    this.#shards.set(state, shards);
    const partitions = shards.map(({ shard }) => shard.changelog);
    const ends = await this.#persist(() => this.#ends.of(partitions, 'uncommitted'), signal);
    if (signal.aborted || ends === undefined) return;
    const ranges = shards.flatMap((shard) => shard.rangeTo(ends.get(partitionKey(shard.shard.changelog)) ?? 0) ?? []);
    this.progress.begin(ranges.reduce((sum, { from, to = from }) => sum + to - from, 0));
    let isRead = false;
    try {
      await this.#read(shards, ranges, signal);
      isRead = !signal.aborted;
    } finally {
      this.progress.end(isRead);
    }
    if (signal.aborted) return;
    for (const { shard, number } of shards) shard.number = number;
    for (const shard of shards) this.#compare(task, shard);
  }

  async #read(shards: readonly ShardRestore[], ranges: readonly ReadRange[], signal: AbortSignal): Promise<void> {
    if (ranges.length === 0) return;
    const byPartition = new Map(shards.map((shard) => [partitionKey(shard.shard.changelog), shard]));
    const done = new AbortController();
    const stop = () => done.abort();
    signal.addEventListener('abort', stop, { once: true });
    void this.#watch(ranges, done.signal);
    const positions = new Map(ranges.map((range) => [partitionKey(range), range.from]));
    try {
      for await (const slice of (await this.#open()).read(ranges, done.signal)) {
        const key = partitionKey(slice.partition);
        const records = (await byPartition.get(key)?.take(slice, this.#slices)) ?? 0;
        this.progress.read(records, slice.nextOffset - (positions.get(key) ?? slice.nextOffset));
        positions.set(key, slice.nextOffset);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      done.abort();
    }
  }

  /** Ends the transactions of members that are gone, where they hold up what is left to read. */
  async #watch(ranges: readonly ReadRange[], signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(LOOK_MS, signal, this.#parts.clock);
      if (signal.aborted) return;
      try {
        const stable = await this.#ends.of(ranges, 'committed');
        const isHeldUp = ranges.some((range) => (stable.get(partitionKey(range)) ?? 0) < (range.to ?? 0));
        if (!isHeldUp || signal.aborted) return;
        await this.#parts.fencing.fenceAbsent();
      } catch (error) {
        log.debug('the ends of changelogs could not be read: {error}', { error: describeError(error) });
      }
    }
  }

  /** Every commit carries the numbers of the cuts that it belongs to: the changelog must have come to the same. */
  #compare(task: Task, { shard, number }: ShardRestore): void {
    const { name } = shard.table;
    for (const input of task.inputs) {
      const committed = input.start.numbers?.get(name) ?? 0;
      if (committed === number) continue;
      const what = `cut ${committed} of table "${name}" is committed with the offset, and the changelog has cut ${number}`;
      offsetsMoved(input.partition, what, this.#parts.onOffsetsMoved);
    }
  }

  #persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    return persist(work, signal, (error: StreamerError) => {
      this.#parts.tell('warning', { error });
      this.#parts.renewAdmin();
    }).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
  }

  #open(): Promise<KafkaReader> {
    this.#reader ??= this.#parts.client.reader({ onFailure: (error) => this.#parts.tell('warning', { error }) }).catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
  }
}
