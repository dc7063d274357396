import type { WrittenRecord } from '../../connect/index.ts';
import type { KafkaError } from '../../errors.ts';
import type { ConsumerSink, KafkaAdmin, KafkaClient, KafkaRecords, Subscription, TopicPartition, Watermarks } from '../../kafka/index.ts';

/** Records waiting to be taken at which the partitions pause. */
const HIGH = 5_000;

export interface ReadParts {
  readonly client: KafkaClient;
  readonly admin: KafkaAdmin;
  /** A group of its own: nothing is committed. */
  readonly groupId: string;
  readonly signal: AbortSignal;
}

/** Yields the records of topics, from their beginning to where they end now. A topic that does not exist has none. */
export async function* writtenRecords(parts: ReadParts, topics: readonly string[]): AsyncGenerator<WrittenRecord> {
  const { client, admin, groupId, signal } = parts;
  const existing = [...(await admin.partitionCounts(topics)).keys()];
  const marks = (await Promise.all(existing.map((topic) => admin.watermarks(topic)))).flat();
  const filled = marks.filter(({ earliest, latest }) => earliest < latest);
  if (filled.length === 0) return;
  const reader = new ToTheEnd(filled);
  const options = { groupId, topics: [...new Set(filled.map(({ topic }) => topic))], maxWaitMs: 50 };
  const subscription = await client.subscribe(options, (own) => reader.readingFrom(own));
  const stop = () => reader.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* reader.records();
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', stop);
    await subscription.close();
  }
}

interface Position {
  readonly end: number;
  next: number;
}

/** Reads partitions to offsets that were their ends at the start. */
class ToTheEnd implements ConsumerSink {
  readonly #positions: ReadonlyMap<string, Position>;
  readonly #queue: WrittenRecord[] = [];
  #subscription: Subscription | undefined;
  #assigned: readonly TopicPartition[] = [];
  #failure: Error | undefined;
  #isAborted = false;
  #isPaused = false;
  #wake: () => void = () => {};

  constructor(marks: readonly Watermarks[]) {
    this.#positions = new Map(marks.map((mark) => [nameOf(mark), { end: mark.latest, next: mark.earliest }]));
  }

  readingFrom(subscription: Subscription): this {
    this.#subscription = subscription;
    return this;
  }

  async *records(): AsyncGenerator<WrittenRecord> {
    while (!this.#isAborted) {
      const record = this.#queue.shift();
      if (record !== undefined) {
        yield record;
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if ([...this.#positions.values()].every(({ next, end }) => next >= end)) return;
      this.#resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  abort(): void {
    this.#isAborted = true;
    this.#wake();
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    this.#assigned = partitions;
    this.#isPaused = false;
    for (const partition of partitions) this.#subscription?.seek(epoch, partition, this.#positions.get(nameOf(partition))?.next ?? 0);
  }

  async revoking(): Promise<void> {}

  lost(): void {}

  batch(partition: TopicPartition, _epoch: number, records: KafkaRecords, nextOffset: number): void {
    const position = this.#positions.get(nameOf(partition));
    if (position === undefined) return;
    for (const { offset, key, value, unreadable } of records) {
      if (offset < position.next || offset >= position.end) continue;
      if (unreadable !== undefined) return this.#fail(unreadable.error);
      this.#queue.push({ topic: partition.topic, key: copied(key), value: copied(value) });
      position.next = offset + 1;
    }
    position.next = Math.max(position.next, nextOffset);
    if (this.#queue.length > HIGH && !this.#isPaused) {
      this.#isPaused = true;
      this.#subscription?.pause(this.#assigned);
    }
    this.#wake();
  }

  failed(error: KafkaError, isFatal: boolean): void {
    if (isFatal) this.#fail(error);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#subscription?.resume(this.#assigned);
  }
}

/** Records are slices of what was fetched. */
function copied(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}
