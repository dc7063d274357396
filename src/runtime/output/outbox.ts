import { asStreamerError, KafkaError, StreamerError } from '../../errors.ts';
import {
  type KafkaProducer,
  type OutputRecord,
  partitionKey,
  REQUEST_BYTES,
  type RecordHeaders,
  RefusedRecordsError,
} from '../../kafka/index.ts';
import { backoff, sleep } from '../../timing/index.ts';
import type { Encoded } from '../../topics/index.ts';

/** Called once per record, with its place or with the error that refused it. */
export type Sent = (error: StreamerError | undefined, offset: number, partition: number) => void;

/** A record on its way: one object, since thousands of them wait for their acknowledgement at a time. */
class Entry implements OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders | undefined;
  readonly timestamp: number | undefined;
  readonly size: number;
  /** Aborted when it is withdrawn. */
  readonly signal: AbortSignal | undefined;
  readonly #sent: Sent;

  constructor(topic: string, partition: number, message: Encoded, sent: Sent) {
    this.topic = topic;
    this.partition = partition;
    this.key = message.key;
    this.value = message.value;
    this.headers = message.headers;
    this.timestamp = message.timestamp;
    this.size = sizeOf(message);
    this.signal = message.signal;
    this.#sent = sent;
  }

  acknowledge(error: StreamerError | undefined, offset: number): void {
    this.#sent(error, offset, this.partition);
  }
}

/**
 * A request's share of one partition becomes one record batch, which must stay below the broker's `message.max.bytes`
 * (1,048,588 by default); a record that alone comes near it travels alone, so that its refusal is nobody else's.
 */
const PARTITION_BYTES = 700_000;
const REQUEST_RECORDS = 10_000;
/** Bytes that a record costs beside its key, value and headers, generously. */
const OVERHEAD = 64;

/**
 * Collects records of all agents and sends them batch by batch, one request at a time, so that records of one partition
 * keep their order. While a request is under way the next batch grows: batches are large when there is much to do and
 * immediate when there is little. An unreachable broker is waited for; a refused record fails alone.
 */
export class Outbox {
  readonly #open: () => Promise<KafkaProducer>;
  readonly #onTrouble: (error: StreamerError) => void;
  #producer: KafkaProducer | undefined;
  #queue: Entry[] = [];
  #isPumping = false;
  #isClosed = false;
  readonly #closing = new AbortController();
  #idle: Array<() => void> = [];

  constructor(open: () => Promise<KafkaProducer>, onTrouble: (error: StreamerError) => void) {
    this.#open = open;
    this.#onTrouble = onTrouble;
  }

  send(topic: string, partition: number, message: Encoded, sent: Sent): void {
    if (this.#isClosed) {
      sent(new KafkaError('retry', 'the producer is closed', { topic, partition }), -1, partition);
      return;
    }
    this.#queue.push(new Entry(topic, partition, message, sent));
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => void this.#pump());
  }

  /** Resolves when nothing is waiting and nothing is under way. */
  flush(): Promise<void> {
    return this.#isPumping ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Reports a transient error and waits before the next attempt. Resolves to false when the outbox is closed: then no attempt follows. */
  async waits(error: StreamerError, attempt: number): Promise<boolean> {
    const { signal } = this.#closing;
    if (signal.aborted) return false;
    this.#onTrouble(error);
    await sleep(backoff(attempt, 100, 5_000), signal);
    return !signal.aborted;
  }

  /** Gives up what is waiting and closes the producer. Flush before it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    await this.#producer?.close();
    this.#producer = undefined;
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#queue = withoutWithdrawn(this.#queue);
      await this.#deliver(this.#takeBatch());
    }
    this.#isPumping = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** From the head of the queue; ends before the first record that would not fit, since order must hold. */
  #takeBatch(): Entry[] {
    const topics = new Map<string, number[]>();
    let bytes = 0;
    let count = 0;
    for (const { topic, partition, size } of this.#queue) {
      let perPartition = topics.get(topic);
      if (perPartition === undefined) topics.set(topic, (perPartition = []));
      const inPartition = (perPartition[partition] ?? 0) + size;
      if (count > 0 && (inPartition > PARTITION_BYTES || bytes + size > REQUEST_BYTES || count >= REQUEST_RECORDS)) break;
      perPartition[partition] = inPartition;
      bytes += size;
      count++;
      if (size > PARTITION_BYTES) break;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  async #deliver(taken: Entry[]): Promise<void> {
    const { batch, outcome } = await this.#sendUntilAnswered(taken);
    if (Array.isArray(outcome)) {
      for (const [index, entry] of batch.entries()) entry.acknowledge(undefined, outcome[index] ?? -1);
    } else if (batch.length === 1 || outcome.retryable) {
      for (const entry of batch) entry.acknowledge(outcome, -1);
    } else {
      for (const part of split(this.#acknowledgeWritten(batch, outcome))) await this.#deliver(part);
    }
  }

  /** Of a send that was refused in part, the rest has been written. Gives what is still open. */
  #acknowledgeWritten(batch: Entry[], outcome: StreamerError): Entry[] {
    if (!(outcome instanceof RefusedRecordsError)) return batch;
    return batch.filter((entry, index) => {
      const isOpen = outcome.refused.has(index);
      if (!isOpen) entry.acknowledge(undefined, outcome.offsets[index] ?? -1);
      return isOpen;
    });
  }

  /** Sends until the broker accepts or refuses. Resolves to a retryable error only when the outbox is closed meanwhile. */
  async #sendUntilAnswered(taken: Entry[]): Promise<Answered> {
    for (let [attempt, batch] = [1, taken]; ; attempt++) {
      batch = withoutWithdrawn(batch);
      try {
        this.#producer ??= await this.#open();
        return { batch, outcome: await this.#producer.send(batch) };
      } catch (cause) {
        const error = asStreamerError(cause, 'sending failed');
        if (!error.retryable || !(await this.waits(error, attempt))) return { batch, outcome: error };
      }
    }
  }
}

/** What was sent in the end, and what became of it: offsets by position, or an error. */
interface Answered {
  readonly batch: Entry[];
  readonly outcome: number[] | StreamerError;
}

/** The error of a message that its sender gave up before it left. */
export function withdrawn(topic: string): StreamerError {
  return new StreamerError('TIMEOUT', 'the message was withdrawn before it was sent', { topic });
}

/** Leaves out entries that were withdrawn, and reports that to their senders. */
function withoutWithdrawn(entries: Entry[]): Entry[] {
  if (!entries.some(({ signal }) => signal?.aborted)) return entries;
  return entries.filter((entry) => {
    if (!entry.signal?.aborted) return true;
    entry.acknowledge(withdrawn(entry.topic), -1);
    return false;
  });
}

/** By partition first: the broker takes or refuses a partition's batch whole, so others have been written already. */
function split(batch: Entry[]): Entry[][] {
  const parts = new Map<string, Entry[]>();
  for (const entry of batch) {
    const key = partitionKey(entry);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [entry]);
    else part.push(entry);
  }
  if (parts.size > 1) return [...parts.values()];
  if (batch.length === 1) return [batch];
  const middle = batch.length >> 1;
  return [batch.slice(0, middle), batch.slice(middle)];
}

function sizeOf(record: Encoded): number {
  let size = OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const name in record.headers) {
    const value = record.headers[name];
    if (value === undefined) continue;
    size += name.length + 8;
    size += Buffer.isBuffer(value) ? value.length : value.reduce((sum, each) => sum + each.length + name.length + 8, 0);
  }
  return size;
}
