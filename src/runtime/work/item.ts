import type { KafkaRecord } from '../../kafka/index.ts';
import type { ItemEvent } from './item-event.ts';

/**
 * What an agent works on, one at a time of its unit. Most items are records of a topic. An item need not have an offset (a
 * timer that is due, a window that closes): it is ordered, tried again, dead-lettered and finished in the same way, and only its
 * origin knows what being finished means.
 */
export interface Item {
  /** Its place among the items of its task, in order of arrival: those of one unit start and finish in this order. */
  readonly place: number;
  readonly origin: Origin;
  /** Made when somebody looks, and made again for each attempt. */
  readonly event: ItemEvent;
  /** Bytes that it holds in memory until it is finished. */
  readonly size: number;
}

/** What an item was made from, told apart by `offset`. */
export type Origin = KafkaRecord | OffsetlessOrigin;

/** Something other than a record of a topic. Its key, value and headers are those of its dead letter. */
export interface OffsetlessOrigin extends Omit<KafkaRecord, 'offset'> {
  readonly offset: undefined;
  /** Makes the event. Called for each attempt, because each has an abort signal of its own. */
  event(): ItemEvent;
  /** Called once, when the item is finished, dead-lettered or skipped. */
  finished(): void;
}

/** Bytes of an origin's key and value. */
export function sizeOfOrigin({ key, value }: Origin): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
