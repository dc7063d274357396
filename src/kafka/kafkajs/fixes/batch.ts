import { log } from '../log.ts';
import type { FetchedPartition, FetchedRecord, Load } from './fetch-call.ts';

type FilterAborted = (partition: { messages: readonly FetchedRecord[]; abortedTransactions: unknown }) => readonly FetchedRecord[];

const PATH = 'kafkajs/src/consumer/batch';
const TAKEN_BY = 'kafkajs/src/consumer/consumerGroup';

/**
 * kafkajs's batch makes a BigInt of every offset to find the records before the one that it asked for, and copies the list
 * twice. This one looks at the records from the front and copies only where something is to be left out. It can only
 * be put in place before kafkajs's consumer is loaded; without it all is the same but slower.
 */
export function fixBatch(load: Load): void {
  if (load.cache[load.resolve(TAKEN_BY)] !== undefined) {
    log.debug('kafkajs was loaded before streamer, so its batches stay as they are; import streamerjs first');
    return;
  }
  const Batch = createBatch(load);
  const entry = load.cache[load.resolve(PATH)];
  if (entry !== undefined) entry.exports = Batch;
}

/** A class that differs from kafkajs's in its constructor alone. */
export function createBatch(load: Load): new (topic: string, fetchedOffset: string, partition: FetchedPartition) => object {
  const original = load(PATH) as { prototype: object };
  const filterAborted = load('kafkajs/src/consumer/filterAbortedMessages') as FilterAborted;

  class Batch {
    constructor(topic: string, fetchedOffset: string, { partition, highWatermark, messages, abortedTransactions }: FetchedPartition) {
      const within = from(messages, Number(fetchedOffset));
      const committed = filterAborted({ messages: within, abortedTransactions });
      const visible = committed.some(isControl) ? committed.filter((record) => !isControl(record)) : committed;
      Object.assign(this, { fetchedOffset, topic, partition, highWatermark, rawMessages: messages });
      Object.assign(this, { messagesWithinOffset: within, messages: visible });
    }
  }
  Object.setPrototypeOf(Batch.prototype, original.prototype);
  return Batch;
}

const isControl = ({ isControlRecord }: FetchedRecord): boolean => isControlRecord === true;

/** The broker answers with whole batches, which may begin before the offset that was asked for. */
function from(records: readonly FetchedRecord[], offset: number): readonly FetchedRecord[] {
  const first = records.findIndex((record) => Number(record.offset) >= offset);
  if (first <= 0) return first === 0 ? records : [];
  return records.slice(first);
}
