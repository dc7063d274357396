import type { KafkaError } from '../../../errors.ts';
import { type Deferred, deferred } from '../../../timing/index.ts';
import type { FetchedSlice, ReadRange } from '../../client.ts';
import { type RangeOwner, RangeReading } from './range-reading.ts';

interface Ready {
  readonly range: RangeReading;
  readonly slice: FetchedSlice;
}

/** One `read`: its ranges, and the slices that wait to be taken. */
export class Reading implements RangeOwner {
  readonly ranges: readonly RangeReading[];
  readonly #ready: Ready[] = [];
  #failure: KafkaError | undefined;
  #isOver = false;
  #woken: Deferred<void> = deferred();

  constructor(ranges: readonly ReadRange[]) {
    this.ranges = ranges.map((range) => new RangeReading(range, this));
    for (const range of this.ranges) if (range.position >= range.end) range.skipTo(range.end);
  }

  /** Resolves to the next slice; undefined when all ranges have been read, or after `end`. Rejects when one has failed. */
  async next(): Promise<FetchedSlice | undefined> {
    for (;;) {
      if (this.#isOver) return undefined;
      const ready = this.#ready.shift();
      if (ready !== undefined) {
        ready.range.taken();
        return ready.slice;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.ranges.every(({ state }) => state === 'done')) return undefined;
      await this.#woken.promise;
    }
  }

  arrived(range: RangeReading, slice: FetchedSlice): void {
    this.#ready.push({ range, slice });
    this.#wake();
  }

  failed(error: KafkaError): void {
    this.#failure ??= error;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    for (const range of this.ranges) range.state = 'done';
    this.#ready.length = 0;
    this.#wake();
  }

  #wake(): void {
    this.#woken.resolve();
    this.#woken = deferred();
  }
}
