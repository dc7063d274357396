import { KafkaError } from '../../errors.ts';
import { type KafkaTransactions, type OutputRecord, RefusedRecordsError, type Subscription, TransactionError } from '../../kafka/index.ts';
import type { Counter, Histogram, Telemetry } from '../../observe/index.ts';
import type { Tell } from '../events/worker-events.ts';
import type { Task } from '../task/task.ts';
import type { TaskCut } from '../task/task-cut.ts';
import type { CommitCycle, Cut } from './commit-cycle.ts';

export interface TransactionalParts {
  readonly subscription: Pick<Subscription, 'member'>;
  readonly transactions: Pick<KafkaTransactions, 'write'>;
  /** Table of a changelog topic, for the message about an entry that is refused. */
  readonly tableOf: (changelog: string) => string | undefined;
  readonly telemetry: Telemetry;
  readonly tell: Tell;
}

/**
 * Commits what tables have changed together with the offsets: one transaction for all tasks of a cut. Values and positions in it are
 * absolute. So a transaction that was aborted, or whose outcome is not known, is written again with the same cut while the member has
 * its partitions: a task keeps its cut until it is committed. A task that is closed first loses what its cut held, and its
 * partitions go on from what is committed.
 */
export class Transactional implements CommitCycle {
  readonly #parts: TransactionalParts;
  readonly #outcomes: Readonly<Record<'committed' | 'aborted' | 'unknown', Counter>>;
  readonly #duration: Histogram;
  #epoch = -1;

  constructor(parts: TransactionalParts) {
    this.#parts = parts;
    const counter = (outcome: string) => parts.telemetry.counter('transactions_total', { outcome });
    this.#outcomes = { committed: counter('committed'), aborted: counter('aborted'), unknown: counter('unknown') };
    this.#duration = parts.telemetry.histogram('transaction_duration_seconds', {});
  }

  begin(epoch: number): void {
    this.#epoch = epoch;
  }

  cut(tasks: Iterable<Task>): Cut | undefined {
    const cuts = new Map<Task, TaskCut>();
    for (const task of tasks) {
      const cut = task.cut();
      if (cut !== undefined && cut.acknowledged === undefined) cuts.set(task, cut);
    }
    return cuts.size === 0 ? undefined : { epoch: this.#epoch, tasks: cuts };
  }

  async commit({ epoch, tasks }: Cut): Promise<void> {
    // The log of one may have been cut off meanwhile: it was closed, and its successor restores what is committed.
    const live = [...tasks].filter(([task]) => task.phase.current !== 'closed');
    if (live.length === 0) return;
    await this.#write(
      epoch,
      [...live.values()].map(([, cut]) => cut),
    );
    for (const [task, cut] of live) {
      task.committed(cut);
      await cut.state?.promote();
    }
  }

  /** The tasks keep their cuts: the next cut offers them again. */
  async abort(): Promise<void> {}

  async #write(epoch: number, cuts: readonly TaskCut[]): Promise<void> {
    const records = cuts.flatMap(({ changelog }) => changelog);
    const offsets = cuts.flatMap((cut) => cut.offsets);
    const startedAt = performance.now();
    try {
      await this.#parts.transactions.write(records, this.#parts.subscription.member(epoch), offsets);
    } catch (error) {
      throw this.#failed(error, records);
    }
    this.#outcomes.committed.add();
    this.#duration.observe(performance.now() - startedAt);
  }

  #failed(error: unknown, records: readonly OutputRecord[]): unknown {
    if (!(error instanceof TransactionError)) return error;
    this.#outcomes[error.outcome].add();
    this.#parts.tell('aborted', { outcome: error.outcome, error });
    return error.cause instanceof RefusedRecordsError ? this.#refused(error.cause, records) : error;
  }

  /** Nothing can go on without the entry, and it will not be accepted. */
  #refused(cause: RefusedRecordsError, records: readonly OutputRecord[]): KafkaError {
    const [position = -1] = cause.refused.keys();
    const record = records[position];
    if (record === undefined) return cause;
    const table = this.#parts.tableOf(record.topic);
    const key = JSON.stringify(record.key?.toString('utf8') ?? null);
    const problem = `table "${table ?? '?'}": the changelog refuses the entry of key ${key}: ${cause.message}`;
    return new KafkaError('fatal', problem, { ...cause.place, kafkaCode: cause.kafkaCode, cause, next: cause.next });
  }
}
