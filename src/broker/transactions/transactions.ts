import { Refusal } from '../../wire/error-code.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Journal } from '../journal/entry.ts';
import type { ProducerIds } from '../producer-ids.ts';
import { changeable, concurrent, ongoing, owned, type ProducerClaim } from './claims.ts';
import { Completion, type CompletionParts } from './completion.ts';
import { checkExpected, type ExpectedProducer, fencingEpoch, nextEpoch } from './epochs.ts';
import { isPart, isPrepared, type Transaction, type TransactionState } from './transaction.ts';

// A pending offset is replaced by a plain commit that comes after it, whatever the transaction's end: order is kept across
// snapshots.

export interface TransactionsOptions extends CompletionParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly producerIds: ProducerIds;
  /** Transactional ids that are kept. */
  readonly limit: number;
  readonly report: (message: string) => void;
}

/** As Kafka's `transaction.max.timeout.ms`. */
const MAX_TIMEOUT_MS = 900_000;
/** As Kafka's `transactional.id.expiration.ms`. */
const EXPIRATION_MS = 604_800_000;
/** When a time-out could not be acted on, because of the storage. */
const AGAIN_MS = 1000;

/**
 * The coordinator of transactions: the classic protocol's state machine, as Apache Kafka runs it. Empty or Complete ->
 * Ongoing (partitions are added) -> PrepareCommit or PrepareAbort (decided; markers are written) -> Complete. A change is
 * in the journal before it counts.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #completion: Completion;
  readonly #byId = new Map<string, Transaction>();
  readonly #timers = new Map<string, Timer>();

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#completion = new Completion(options, (done) => this.#complete(done));
  }

  get(id: string): Transaction | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Transaction[] {
    return [...this.#byId.values()];
  }

  /**
   * Gives the producer with this transactional id its producer id, and an epoch that fences earlier producers of the id.
   *
   * @throws Refusal
   */
  init(id: string, timeoutMs: number, expected?: ExpectedProducer): Transaction {
    if (id === '') throw new Refusal('INVALID_REQUEST', 'a transactional id must not be empty');
    if (timeoutMs <= 0 || timeoutMs > MAX_TIMEOUT_MS) {
      throw new Refusal('INVALID_TRANSACTION_TIMEOUT', `a transaction time-out of ${timeoutMs} ms is not in [1, ${MAX_TIMEOUT_MS}]`);
    }
    const known = this.#byId.get(id) ?? this.#unknown(id);
    if (expected !== undefined) checkExpected(known, expected);
    if (isPrepared(known.state)) throw concurrent(known);
    if (known.state === 'Ongoing') {
      this.#fence(known);
      throw concurrent(known);
    }
    const next = nextEpoch(known, expected, () => this.#options.producerIds.next());
    return this.#keep({ ...next, timeoutMs, state: 'Empty', partitions: [], groups: [], startedMs: -1 });
  }

  /** @throws Refusal */
  addPartitions(claim: ProducerClaim, partitions: readonly (readonly [topic: string, partition: number])[]): void {
    const known = changeable(this.#knownTo(claim), claim);
    const added = partitions.filter(([topic, partition]) => known.state !== 'Ongoing' || !isPart(known, topic, partition));
    if (added.length > 0) this.#extend(known, added, []);
  }

  /** @throws Refusal */
  addGroup(claim: ProducerClaim, group: string): void {
    const known = changeable(this.#knownTo(claim), claim);
    if (known.state !== 'Ongoing' || !known.groups.includes(group)) this.#extend(known, [], [group]);
  }

  /**
   * Decides the end of a transaction. Its markers follow: at once, or when the storage has the decision for good.
   *
   * @throws Refusal
   */
  end(claim: ProducerClaim, isCommit: boolean): void {
    const known = owned(this.#knownTo(claim), claim);
    const decided: TransactionState = isCommit ? 'PrepareCommit' : 'PrepareAbort';
    if (known.state === 'Ongoing') return this.#prepare({ ...known, state: decided });
    if (known.state === (isCommit ? 'CompleteCommit' : 'CompleteAbort')) return;
    if (known.state === decided) throw concurrent(known);
    throw new Refusal('INVALID_TXN_STATE', `the transaction of ${known.id} is in state ${known.state}`);
  }

  /** @throws Refusal unless records of this producer may be written to the partition as part of its transaction */
  checkWrite(claim: ProducerClaim, topic: string, partition: number): void {
    const known = ongoing(this.#knownTo(claim), claim);
    if (!isPart(known, topic, partition)) throw new Refusal('INVALID_TXN_STATE', 'Partition was not added to the transaction');
  }

  /** @throws Refusal unless offsets of the group may be given to this producer's transaction */
  checkGroup(claim: ProducerClaim, group: string): void {
    const known = ongoing(this.#knownTo(claim), claim);
    if (!known.groups.includes(group)) throw new Refusal('INVALID_TXN_STATE', `group ${group} was not added to the transaction`);
  }

  /** Goes on with what was kept. Comes when topics and groups are there. */
  restore(kept: Iterable<Transaction>): void {
    for (const transaction of kept) {
      this.#byId.set(transaction.id, transaction);
      if (transaction.state === 'Ongoing') this.#startTimer(transaction);
      if (isPrepared(transaction.state)) this.#completion.resume(transaction);
    }
  }

  /** Partitions of a topic that was created again under the name are not part of it. */
  forgetTopic(topic: string): void {
    for (const one of this.#byId.values()) {
      if (!one.partitions.some(([name]) => name === topic)) continue;
      this.#byId.set(one.id, { ...one, partitions: one.partitions.filter(([name]) => name !== topic) });
    }
  }

  /** Forgets ids that were not used for a week. */
  expire(): void {
    const { clock, journal } = this.#options;
    for (const { id, state, updatedMs } of this.#byId.values()) {
      if (state === 'Ongoing' || isPrepared(state) || clock.now() - updatedMs < EXPIRATION_MS) continue;
      this.#attempt(() => {
        journal.append({ type: 'transaction-deleted', id });
        this.#byId.delete(id);
      });
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#completion.close();
    this.#byId.clear();
  }

  #unknown(id: string): Transaction {
    if (this.#byId.size >= this.#options.limit) {
      throw new Refusal('POLICY_VIOLATION', `the broker holds ${this.#options.limit} transactional ids (limits.transactionalIds)`);
    }
    const nothing = {
      epoch: -1,
      lastEpoch: -1,
      lastProducerId: -1,
      timeoutMs: 0,
      partitions: [],
      groups: [],
      startedMs: -1,
      updatedMs: -1,
    };
    return { id, producerId: this.#options.producerIds.next(), state: 'Empty', ...nothing };
  }

  #knownTo({ transactionalId }: ProducerClaim): Transaction | undefined {
    return this.#byId.get(transactionalId);
  }

  #extend(known: Transaction, partitions: Transaction['partitions'], groups: readonly string[]): void {
    const isBegun = known.state === 'Ongoing';
    const next = this.#keep({
      ...known,
      state: 'Ongoing',
      partitions: isBegun ? [...known.partitions, ...partitions] : partitions,
      groups: isBegun ? [...known.groups, ...groups] : groups,
      startedMs: isBegun ? known.startedMs : this.#options.clock.now(),
    });
    if (!isBegun) this.#startTimer(next);
  }

  #prepare(decided: Transaction): void {
    const kept = this.#keep(decided);
    this.#timers.get(kept.id)?.cancel();
    this.#timers.delete(kept.id);
    this.#completion.run(kept);
  }

  /** Ends an ongoing transaction in such a way that its owner cannot go on, but for asking for the raised epoch (KIP-588). */
  #fence(known: Transaction): void {
    this.#prepare({ ...known, epoch: fencingEpoch(known), lastEpoch: known.epoch, state: 'PrepareAbort' });
  }

  #complete(prepared: Transaction): void {
    const state = prepared.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort';
    this.#keep({ ...prepared, state, partitions: [], groups: [], startedMs: -1 });
  }

  #keep(changed: Transaction): Transaction {
    const transaction = { ...changed, updatedMs: this.#options.clock.now() };
    this.#options.journal.append({ type: 'transaction', transaction });
    this.#byId.set(transaction.id, transaction);
    return transaction;
  }

  #startTimer({ id, startedMs, timeoutMs }: Transaction, delayMs = startedMs + timeoutMs - this.#options.clock.now()): void {
    this.#timers.get(id)?.cancel();
    this.#timers.set(
      id,
      this.#options.clock.after(Math.max(0, delayMs), () => this.#timeOut(id)),
    );
  }

  #timeOut(id: string): void {
    const known = this.#byId.get(id);
    if (known?.state !== 'Ongoing') return;
    this.#options.report(`the transaction of ${id} is aborted: it was open for more than ${known.timeoutMs} ms`);
    if (!this.#attempt(() => this.#fence(known))) this.#startTimer(known, AGAIN_MS);
  }

  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.report(`a transaction could not be changed: ${error.message}`);
      return false;
    }
  }
}
