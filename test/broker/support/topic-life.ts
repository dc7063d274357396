/** What clients know of a topic that a broker keeps. */

/** Something that was asked for; the broker may have said yes, no, or nothing yet. */
export interface Asked<T> {
  readonly value: T;
  isAcknowledged: boolean;
}

/** A batch of a producer, sent until it is acknowledged. */
export interface Sent {
  readonly values: readonly string[];
  readonly sequence: number;
  baseOffset: number | undefined;
}

export interface Writer {
  readonly id: number;
  readonly batches: Sent[];
  isWaiting: boolean;
}

/** One life of a topic between its creation and its deletion. */
export interface Life {
  readonly name: string;
  readonly number: number;
  readonly writers: Map<string, Writer>;
  /** By partition: the lowest and highest start that the log may have. */
  readonly starts: Map<number, { least: number; most: number }>;
  readonly commits: Map<string, Asked<number>[]>;
  /** Sent by producers that are no more. */
  readonly earlier: Set<string>;
  partitions: Asked<number>[];
}

export function startOf(life: Life, index: number): { least: number; most: number } {
  let start = life.starts.get(index);
  if (start === undefined) life.starts.set(index, (start = { least: 0, most: 0 }));
  return start;
}
