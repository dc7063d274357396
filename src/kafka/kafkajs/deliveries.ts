import type { KafkaError } from '../../errors.ts';
import type { ConsumerSink, KafkaRecords, TopicPartition } from '../client.ts';
import { outOfRange } from '../positions.ts';
import { MadeRecords } from '../records.ts';
import type { GroupConsumer } from './consumer.ts';
import type { Epoch, Position } from './epoch.ts';
import { readRanges } from './log-offsets.ts';

/** Hands fetched records of a live epoch to the owner, and keeps the client reading where the owner is. */
export class Deliveries {
  readonly #sink: ConsumerSink;
  readonly #failed: (error: KafkaError) => void;

  /** @param failed gets a position that the log no longer holds */
  constructor(sink: ConsumerSink, failed: (error: KafkaError) => void) {
    this.#sink = sink;
    this.#failed = failed;
  }

  /** Returns false if the records are not for now: the partition is paused, or the client reads at another place. */
  fetched(epoch: Epoch, consumer: GroupConsumer, tp: TopicPartition, position: number, records: KafkaRecords, nextOffset: number): boolean {
    const own = epoch.position(tp);
    if (own === undefined || own.paused || own.next === undefined) return false;
    if (position !== own.next) {
      void this.#recover(epoch, consumer, own, position);
      return false;
    }
    own.next = nextOffset;
    this.#sink.batch(own.tp, epoch.number, records, nextOffset);
    return true;
  }

  skipped(epoch: Epoch, tp: TopicPartition, position: number, nextOffset: number): void {
    const own = epoch.position(tp);
    if (own?.next === undefined || position < own.next) return;
    own.next = nextOffset;
    if (!own.paused) this.#sink.batch(own.tp, epoch.number, new MadeRecords([]), nextOffset);
  }

  reset(epoch: Epoch, tp: TopicPartition, position: number): void {
    const own = epoch.position(tp);
    if (own?.next === undefined || own.next === position) return;
    const expected = own.next;
    own.next = position;
    this.#failed(outOfRange(own.tp, expected, position));
  }

  /**
   * The client reads at a place where the owner is not: brings it back, or accepts its place if the owner's is gone. What it
   * read may also have been on its way when a seek came; then bringing it back changes nothing.
   */
  async #recover(epoch: Epoch, consumer: GroupConsumer, own: Position, found: number): Promise<void> {
    if (own.isRecovering) return;
    own.isRecovering = true;
    consumer.pause([own.tp]);
    const [range] = await readRanges(consumer.cluster, [own.tp]).catch(() => []);
    own.isRecovering = false;
    if (epoch.state !== 'live') return;
    const expected = own.next ?? found;
    if (range !== undefined && (expected < range.earliest || expected > range.latest)) {
      own.next = found;
      this.#failed(outOfRange(own.tp, expected, found));
    }
    consumer.seek(own.tp, own.next ?? found);
    if (!own.paused) consumer.resume([own.tp]);
  }
}
