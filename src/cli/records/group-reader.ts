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
import { nameOf } from './partition-name.ts';
import type { RecordPrinter } from './printer.ts';

/** Queued records at which the partitions pause, so that a slow reader of the output holds back the fetches. */
const HIGH = 2_000;

export interface GroupReaderOptions {
  readonly admin: KafkaAdmin;
  /** Where a partition without a commit starts. */
  readonly start: 'earliest' | 'latest';
  readonly limit: number;
  /** The group's commits, by `topic[partition]`. */
  readonly committed: ReadonlyMap<string, number>;
  /** Next offset at the end of each `topic[partition]`; undefined: without end. */
  readonly ends: ReadonlyMap<string, number> | undefined;
  readonly print: RecordPrinter;
}

/** A record to print, or the position behind a fetched batch. */
interface Waiting {
  readonly partition: TopicPartition;
  readonly record: KafkaRecord | undefined;
  readonly nextOffset: number;
}

/** A member of a group that prints what it reads, from the group's commits up to a limit or to given ends of the partitions. */
export class GroupReader implements ConsumerSink {
  readonly #options: GroupReaderOptions;
  readonly #queue: Waiting[] = [];
  /** Next offset of each partition: behind what was printed or passed over. */
  readonly #positions: Map<string, number>;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #subscription: Subscription | undefined;
  #assigned: readonly TopicPartition[] = [];
  #epoch = -1;
  #printed = 0;
  #isPrinting = false;
  #isPaused = false;

  constructor(options: GroupReaderOptions) {
    this.#options = options;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#positions = new Map(options.committed);
  }

  /** Makes this reader the owner of a subscription. */
  attach(subscription: Subscription): this {
    this.#subscription = subscription;
    return this;
  }

  /** Resolves at the limit, at the ends, or when `signal` is aborted. Rejects when the subscription fails. */
  async finished(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#end, { once: true });
    if (signal.aborted) this.#end();
    await this.#ended;
  }

  /** Commits the positions. */
  async commit(): Promise<void> {
    const offsets = this.#assigned.flatMap((partition): CommittedOffset[] => {
      const offset = this.#positions.get(nameOf(partition));
      return offset === undefined ? [] : [{ ...partition, offset, metadata: null }];
    });
    if (offsets.length > 0) await this.#subscription?.commit(this.#epoch, offsets);
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    this.#assigned = partitions;
    this.#epoch = epoch;
    this.#isPaused = false;
    this.#queue.length = 0;
    const { admin, start } = this.#options;
    if (this.#subscription !== undefined) void seekToStart(this.#subscription, admin, { partitions, epoch }, { start });
    this.#check();
  }

  async revoking(_partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    if (epoch === this.#epoch) await this.commit().catch(() => undefined);
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
    const isBehindEnd = record !== undefined && record.offset >= end;
    if (record !== undefined && !isBehindEnd && (await this.#options.print(partition, record))) this.#printed++;
    this.#positions.set(nameOf(partition), Math.min(nextOffset, end));
    this.#check();
  }

  #check(): void {
    const { ends, limit } = this.#options;
    if (this.#printed >= limit) return this.#end();
    if (ends === undefined || this.#assigned.length === 0) return;
    const isAtEnd = (partition: TopicPartition) => (this.#positions.get(nameOf(partition)) ?? 0) >= (ends.get(nameOf(partition)) ?? 0);
    if (this.#assigned.every(isAtEnd)) this.#end();
  }
}
