import { type Admin, type Consumer, Kafka, logLevel } from 'kafkajs';
import { until } from '../../../helpers/app.ts';

const PATIENCE_MS = 120_000;

/** When the broker appended each row of a table to its topic. */
export class TopicTimes {
  readonly #topic: string;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  /** Milliseconds of the broker's clock, by id. */
  readonly #appended = new Map<number, number>();

  private constructor(kafka: Kafka, topic: string) {
    this.#topic = topic;
    this.#admin = kafka.admin();
    this.#consumer = kafka.consumer({ groupId: `${topic}.times` });
  }

  /** Makes the topic, with one partition and the broker's own times, and reads it. */
  static async open(brokers: readonly string[], topic: string): Promise<TopicTimes> {
    const times = new TopicTimes(new Kafka({ clientId: 'times', brokers: [...brokers], logLevel: logLevel.NOTHING }), topic);
    await times.#admin.connect();
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
    await times.#admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] });
    await times.#consumer.connect();
    await times.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await times.#consumer.run({
      eachMessage: async ({ message: { value, timestamp } }) => {
        const { after } = JSON.parse(String(value)) as { after: { id: number } };
        if (!times.#appended.has(after.id)) times.#appended.set(after.id, Number(timestamp));
      },
    });
    return times;
  }

  /** Resolves to the times of rows `from` to `to`, both of them included, when all are there. */
  async of(from: number, to: number): Promise<number[]> {
    const ids = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    await until(
      () => ids.every((id) => this.#appended.has(id)),
      (all) => all,
      PATIENCE_MS,
    );
    return ids.map((id) => this.#appended.get(id) as number);
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
    await this.#admin.deleteTopics({ topics: [this.#topic] });
    await this.#admin.deleteGroups([`${this.#topic}.times`]);
    await this.#admin.disconnect();
  }
}
