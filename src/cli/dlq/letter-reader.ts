import { describeError, KafkaError } from '../../errors.ts';
import {
  type CommittedOffset,
  type ConsumerSink,
  type GroupMembership,
  isInLog,
  type KafkaAdmin,
  type KafkaClient,
  type KafkaRecord,
  type KafkaRecords,
  partitionKey,
  readPositions,
  type Subscription,
  type TopicPartition,
} from '../../kafka/index.ts';
import { decodeFinished, encodeFinished, FinishedCursor, METADATA_LIMIT, OffsetTracker } from '../../runtime/index.ts';

export interface Letter {
  readonly partition: TopicPartition;
  readonly record: KafkaRecord;
  readonly slot: number;
}

interface PartitionState {
  readonly partition: TopicPartition;
  readonly tracker: OffsetTracker;
  readonly done: FinishedCursor;
  readonly end: number;
}

const NAME = 'replay';

/**
 * Reads dead-letter topics as a member of a group, up to where they end at the start, leaving out what the group has
 * done before. What is marked as done is part of `commitPoint`: letters that were passed over come again next time.
 */
export class LetterReader implements ConsumerSink {
  readonly #client: KafkaClient;
  readonly #admin: KafkaAdmin;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #states = new Map<string, PartitionState>();
  readonly #queue: Letter[] = [];
  #subscription: Subscription | undefined;
  #epoch = -1;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(client: KafkaClient, admin: KafkaAdmin, groupId: string, topics: readonly string[]) {
    this.#client = client;
    this.#admin = admin;
    this.#groupId = groupId;
    this.#topics = topics;
  }

  async *letters(): AsyncGenerator<Letter> {
    if (this.#topics.length === 0) return;
    await this.#client.subscribe({ groupId: this.#groupId, topics: this.#topics, maxWaitMs: 100 }, (subscription) => {
      this.#subscription = subscription;
      return this;
    });
    for (;;) {
      const letter = this.#queue.shift();
      if (letter !== undefined) yield letter;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#isAtEnd()) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  finish({ partition, slot }: Letter): void {
    this.#states.get(partitionKey(partition))?.tracker.finish(slot);
  }

  /** Is there room in the commit's metadata for more gaps between what is done? Else the position must move first. */
  hasRoom(): boolean {
    return [...this.#states.values()].every((state) => this.#offsetOf(state).metadata!.length < METADATA_LIMIT - 100);
  }

  /** What is done so far, as offsets of the group, and the member that may commit them. @throws KafkaError `stale` after a rebalance */
  commitPoint(): { readonly member: GroupMembership; readonly offsets: CommittedOffset[] } {
    if (this.#subscription === undefined) throw new KafkaError('stale', 'no letter has been read');
    return { member: this.#subscription.member(this.#epoch), offsets: [...this.#states.values()].map((state) => this.#offsetOf(state)) };
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    this.#epoch = epoch;
    this.#states.clear();
    this.#queue.length = 0;
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#start(subscription, partitions, epoch).catch((cause: unknown) => {
      subscription.rejoin(epoch, new KafkaError('retry', `reading the positions of the group: ${describeError(cause)}`, { cause }));
    });
  }

  /** Up to where the partitions end now; the commits of the group hold what it has done. */
  async #start(subscription: Subscription, partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    const positions = await readPositions(subscription, this.#admin, partitions);
    if (epoch !== this.#epoch) return;
    for (const { topic, partition, earliest, latest, committed, metadata } of positions) {
      const tp = { topic, partition };
      const isUsable = isInLog(committed, { ...tp, earliest, latest });
      const position = isUsable ? committed : earliest;
      const done = decodeFinished(position, isUsable ? metadata : null).get(NAME) ?? [];
      this.#states.set(partitionKey(tp), {
        partition: tp,
        tracker: new OffsetTracker(position),
        done: new FinishedCursor(done),
        end: latest,
      });
      subscription.seek(epoch, tp, position);
    }
    this.#wake();
  }

  async revoking(): Promise<void> {}

  lost(): void {
    this.#states.clear();
    this.#queue.length = 0;
  }

  batch(partition: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    const state = this.#states.get(partitionKey(partition));
    if (state === undefined || epoch !== this.#epoch) return;
    for (const record of records) {
      if (record.offset >= state.end) break;
      if (record.unreadable !== undefined) return this.#fail(record.unreadable.error);
      const slot = state.tracker.add(record.offset);
      if (state.done.has(record.offset)) state.tracker.finish(slot);
      else this.#queue.push({ partition, record, slot });
    }
    state.tracker.advance(Math.min(nextOffset, state.end));
    this.#wake();
  }

  failed(error: KafkaError, isFatal: boolean): void {
    if (isFatal) this.#fail(error);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  #isAtEnd(): boolean {
    return this.#states.size > 0 && [...this.#states.values()].every(({ tracker, end }) => tracker.end >= end);
  }

  #offsetOf({ partition, tracker, done }: PartitionState): CommittedOffset {
    const offset = tracker.position;
    return {
      ...partition,
      offset,
      metadata: encodeFinished(offset, new Map([[NAME, [...tracker.finishedBeyond(), ...done.from(tracker.end)]]])),
    };
  }
}
