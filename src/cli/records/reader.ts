import type { KafkaError } from '../../errors.ts';
import {
  type CommittedOffset,
  type ConsumerSink,
  type KafkaAdmin,
  type KafkaRecord,
  type KafkaRecords,
  type Subscription,
  seekToStart,
  type TopicPartition,
} from '../../kafka/index.ts';
import type { RecordPrinter } from './printer.ts';

/** Records waiting to be printed at which the partitions pause, so that a slow reader of our output holds the fetches. */
const HIGH = 2_000;

export interface ReaderOptions {
  readonly admin: KafkaAdmin;
  /** Where a partition without a commit starts. */
  readonly start: 'earliest' | 'latest';
  readonly limit: number;
  /** Next offset at the end of each `topic[partition]`; undefined = go on for ever. */
  readonly ends: ReadonlyMap<string, number> | undefined;
  readonly print: RecordPrinter;
  /** Where the group stands: its own commits are the positions then. Undefined = no commits, positions are kept here. */
  readonly committed: readonly CommittedOffset[] | undefined;
}

/** A record to be printed, or the position behind a fetched batch. */
interface Waiting {
  readonly partition: TopicPartition;
  readonly record: KafkaRecord | undefined;
  readonly nextOffset: number;
}

/** Prints what a subscription delivers, up to a limit or to where the partitions ended at the start. */
export class Reader implements ConsumerSink {
  readonly #options: ReaderOptions;
  readonly #queue: Waiting[] = [];
  /** Next offset of what was printed, or skipped because the log has no record there. */
  readonly #positions = new Map<string, CommittedOffset>();
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #subscription: Subscription | undefined;
  #assigned: readonly TopicPartition[] = [];
  #epoch = -1;
  #printed = 0;
  #isPrinting = false;
  #isPaused = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    for (const committed of options.committed ?? []) if (committed.offset >= 0) this.#positions.set(nameOf(committed), committed);
  }

  /** Makes this reader the owner of a subscription. */
  attach(subscription: Subscription): this {
    this.#subscription = subscription;
    return this;
  }

  /** Resolves at the limit, at the ends, or when `signal` is aborted; rejects when the subscription fails. */
  async finished(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#end, { once: true });
    await this.#ended;
  }

  /** Commits what was printed. */
  async commit(): Promise<void> {
    const offsets = this.#assigned.flatMap((partition) => this.#positions.get(nameOf(partition)) ?? []);
    if (offsets.length > 0) await this.#subscription?.commit(this.#epoch, offsets);
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    this.#assigned = partitions;
    this.#epoch = epoch;
    this.#isPaused = false;
    this.#queue.length = 0;
    if (this.#subscription !== undefined) this.#seek(this.#subscription, partitions, epoch);
    this.#check();
  }

  /** Positions that are kept here need not be asked for. */
  #seek(subscription: Subscription, partitions: readonly TopicPartition[], epoch: number): void {
    const isKept = (partition: TopicPartition) => this.#options.committed === undefined && this.#positions.has(nameOf(partition));
    for (const partition of partitions.filter(isKept)) {
      const position = this.#positions.get(nameOf(partition));
      if (position !== undefined) subscription.seek(epoch, partition, position.offset);
    }
    const others = partitions.filter((partition) => !isKept(partition));
    void seekToStart(subscription, this.#options.admin, { partitions: others, epoch }, { start: this.#options.start });
  }

  async revoking(_partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    if (epoch === this.#epoch && this.#options.committed !== undefined) await this.commit().catch(() => undefined);
  }

  lost(): void {
    this.#queue.length = 0;
  }

  batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    if (epoch !== this.#epoch) return;
    for (const record of records) this.#queue.push({ partition, record, nextOffset: record.offset + 1 });
    this.#queue.push({ partition, record: undefined, nextOffset });
    if (this.#queue.length > HIGH && !this.#isPaused) {
      this.#isPaused = true;
      this.#subscription?.pause(this.#assigned);
    }
    void this.#drain();
  }

  failed(error: KafkaError, fatal: boolean): void {
    if (fatal) this.#fail(error);
  }

  async #drain(): Promise<void> {
    if (this.#isPrinting) return;
    this.#isPrinting = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined && this.#printed < this.#options.limit; next = this.#queue.shift()) {
        await this.#print(next);
      }
      if (this.#isPaused && this.#queue.length === 0) {
        this.#isPaused = false;
        this.#subscription?.resume(this.#assigned);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isPrinting = false;
    }
  }

  async #print({ partition, record, nextOffset }: Waiting): Promise<void> {
    const end = this.#options.ends?.get(nameOf(partition)) ?? Number.POSITIVE_INFINITY;
    if (record !== undefined && record.offset >= end) return;
    if (record !== undefined) {
      await this.#options.print(partition, record);
      this.#printed++;
    }
    this.#positions.set(nameOf(partition), { ...partition, offset: Math.min(nextOffset, end), metadata: null });
    this.#check();
  }

  #check(): void {
    const { ends, limit } = this.#options;
    if (this.#printed >= limit) return this.#end();
    if (ends === undefined || this.#assigned.length === 0) return;
    const isAtEnd = (partition: TopicPartition) =>
      (this.#positions.get(nameOf(partition))?.offset ?? 0) >= (ends.get(nameOf(partition)) ?? 0);
    if (this.#assigned.every(isAtEnd)) this.#end();
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}
