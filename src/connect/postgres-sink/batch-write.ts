import { setTimeout as sleep } from 'node:timers/promises';
import { HELD, type WriteOutcome } from '../sink-writer.ts';
import { type Entry, wavesOf } from './batch.ts';
import { columnToBlame } from './blame.ts';
import type { PgClient } from './client.ts';
import { isFinal, isPassing, isRefusal, rowRefusal, type SqlError } from './sql-error.ts';
import { haveChanged, TableChanged, type Transactions } from './transaction.ts';

/** What became of the rows of a batch, for the counts. */
export interface Written {
  upserted: number;
  deleted: number;
  stale: number;
  refused: number;
  superseded: number;
  transactions: number;
}

/** Further attempts of a transaction that a deadlock ended, and the first wait. */
const PASSING_ATTEMPTS = 4;
const PASSING_WAIT_MS = 20;

/**
 * Writes the entries of one batch as if one after the other: first all at once, as their net effect; where that is refused, the first half
 * and then the second, down to the entry to blame. Later entries of its key are held.
 */
export class BatchWrite {
  readonly #client: PgClient;
  readonly #transactions: Transactions;
  readonly #guard: boolean;
  readonly #outcomes: WriteOutcome[];
  readonly #written: Written;
  readonly #refusedRows = new Set<string>();

  constructor(client: PgClient, transactions: Transactions, guard: boolean, outcomes: WriteOutcome[], written: Written) {
    this.#client = client;
    this.#transactions = transactions;
    this.#guard = guard;
    this.#outcomes = outcomes;
    this.#written = written;
  }

  /**
   * @param entries in the order of their offsets
   * @throws TableChanged, or an error that is not an entry's fault
   */
  async write(entries: readonly Entry[]): Promise<void> {
    const open = entries.filter((entry) => !this.#isHeld(entry));
    const [first] = open;
    if (first === undefined) return;
    try {
      await this.#transact(open);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (open.length === 1) return this.#refuse(first, error);
      const half = Math.ceil(open.length / 2);
      await this.write(open.slice(0, half));
      await this.write(open.slice(half));
    }
  }

  #isHeld({ row, at }: Entry): boolean {
    if (!this.#refusedRows.has(row)) return false;
    this.#outcomes[at] = HELD;
    return true;
  }

  async #transact(entries: readonly Entry[]): Promise<void> {
    const waves = wavesOf(entries, this.#guard);
    const { upserted, deleted } = await this.#withRetry(() => this.#transactions.write(this.#client, waves));
    const rows = waves.flat();
    const upserts = rows.filter(({ isDelete }) => !isDelete).length;
    const written = this.#written;
    written.transactions++;
    written.upserted += upserted;
    written.deleted += deleted;
    written.stale += Math.max(0, upserts - upserted);
    written.superseded += entries.length - rows.length;
  }

  /** Repeats what a deadlock, a serialisation failure or a lock has ended. */
  async #withRetry<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error) || attempt === PASSING_ATTEMPTS) throw error;
        await sleep(PASSING_WAIT_MS * 2 ** attempt);
      }
    }
  }

  async #refuse(entry: Entry, error: SqlError): Promise<void> {
    // It may have changed between the comparison and the statement.
    if (await haveChanged(this.#client, [entry.table])) throw new TableChanged(`table ${entry.table.name} has changed`);
    const column = isFinal(error) ? await columnToBlame(this.#client, entry) : undefined;
    this.#refusedRows.add(entry.row);
    this.#written.refused++;
    this.#outcomes[entry.at] = { state: 'refused', error: rowRefusal(entry.table.name, entry.key, error, column) };
  }
}
