import type { BatchHeader } from '../../wire/record-batch.ts';

/** As Kafka's `index.interval.bytes`. */
const INTERVAL_BYTES = 4096;

/** Some neighbouring batches of a segment. */
export interface Interval {
  readonly from: number;
  /** Position after the last of them. */
  readonly to: number;
}

/**
 * Where offsets and times are found in one segment: an entry for every 4 KiB or so of batches, kept in memory alone
 * (24 bytes an entry, 6 MB for 1 GB) and made again from the headers when the segment is opened.
 */
export class SegmentIndex {
  /** Of the first batch; -1 without one. */
  firstTimestamp = -1;
  maxTimestamp = -1;
  readonly #offsets: number[] = [];
  readonly #positions: number[] = [];
  readonly #maxTimes: number[] = [];
  #end = 0;

  /** @param position where the batch begins; batches come in order */
  add(header: BatchHeader, position: number, length: number): void {
    const last = this.#positions.length - 1;
    if (last < 0) this.firstTimestamp = header.maxTimestamp;
    if (last < 0 || position - (this.#positions[last] as number) >= INTERVAL_BYTES) {
      this.#offsets.push(header.baseOffset);
      this.#positions.push(position);
      this.#maxTimes.push(header.maxTimestamp);
    } else if (header.maxTimestamp > (this.#maxTimes[last] as number)) {
      this.#maxTimes[last] = header.maxTimestamp;
    }
    this.maxTimestamp = Math.max(this.maxTimestamp, header.maxTimestamp);
    this.#end = position + length;
  }

  /** Position of a batch at or before the one that holds `offset`, and near it. */
  positionBefore(offset: number): number {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#positions[low - 1] ?? 0;
  }

  /** In order, the intervals where a batch reaches `timestamp`. */
  *reaching(timestamp: number): Generator<Interval> {
    for (let i = 0; i < this.#positions.length; i++) {
      if ((this.#maxTimes[i] as number) < timestamp) continue;
      yield { from: this.#positions[i] as number, to: this.#positions[i + 1] ?? this.#end };
    }
  }
}
