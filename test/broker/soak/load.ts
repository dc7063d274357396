import { Kafka, logLevel, type Producer } from 'kafkajs';

/** What one producer has sent to its partition: `name:0`, `name:1`, ... without gaps. */
export interface Stream {
  readonly name: string;
  readonly partition: number;
  /** Records handed to the client. */
  sent: number;
  /** Records that the broker has acknowledged. */
  acknowledged: number;
}

/** Idempotent kafkajs producers that send numbered records one batch after the other, through every outage. */
export class Load {
  readonly streams: readonly Stream[];
  readonly #topic: string;
  readonly #kafka: Kafka;
  /** Rejects when a producer fails for good. */
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => {};
  #isStopping = false;
  readonly #running: Promise<void>[] = [];

  constructor(address: string, topic: string, partitions: number) {
    this.#topic = topic;
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    this.#kafka = new Kafka({
      brokers: [address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 5000,
      retry: { initialRetryTime: 20, maxRetryTime: 60, retries: 100_000 },
    });
    this.streams = Array.from({ length: partitions + 1 }, (_, i) => ({
      name: `p${i}`,
      partition: i % partitions,
      sent: 0,
      acknowledged: 0,
    }));
  }

  start(): void {
    for (const stream of this.streams) this.#running.push(this.#produce(stream).catch((error: unknown) => this.#fail(error)));
  }

  /** Lets every producer finish what it has under way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
  }

  async #produce(stream: Stream): Promise<void> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await untilItPasses(() => producer.connect());
    while (!this.#isStopping) await this.#sendBatch(producer, stream);
    await producer.disconnect();
  }

  async #sendBatch(producer: Producer, stream: Stream): Promise<void> {
    const count = 1 + (stream.sent % 20);
    const messages = Array.from({ length: count }, (_, i) => ({
      value: `${stream.name}:${stream.sent + i}`,
      partition: stream.partition,
    }));
    stream.sent += count;
    await untilItPasses(() => producer.send({ topic: this.#topic, messages }));
    stream.acknowledged += count;
  }
}

/**
 * kafkajs gives up on some lost connections however many retries it may make. It sets its sequence back for every refused
 * batch, so the same batch sent again is the same to the broker.
 */
async function untilItPasses(action: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if (!String((error as Error).name).startsWith('KafkaJSConnection')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
