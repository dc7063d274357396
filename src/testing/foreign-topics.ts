import { runUnderTest, type UnderTest } from '../app/under-test.ts';
import type { App } from '../app.ts';
import type { KafkaClient } from '../kafka/index.ts';
import type { Worker } from '../runtime/index.ts';
import { type Encoded, type SendOptions, type SendResult, Topic } from '../topics/index.ts';
import { startedWhole } from './started-whole.ts';

/**
 * Sends to topics of other apps on the broker of the test, where it creates them first: nothing is sent to the brokers of those apps, by the
 * test or by the agents under test.
 */
export class ForeignTopics implements UnderTest {
  readonly #app: App;
  readonly #client: KafkaClient;
  readonly #created = new Map<string, Promise<unknown>>();

  constructor(app: App, client: KafkaClient) {
    this.#app = app;
    this.#client = client;
  }

  get id(): string {
    return this.#app.id;
  }

  /** Starts the app, so that what its agents send comes here. */
  start(): Promise<Worker> {
    return runUnderTest(this.#app, this, () => startedWhole(this.#app));
  }

  /** The message belongs to the event in flight before the topic is created. */
  send(topic: { readonly name: string }, encode: () => Encoded | Promise<Encoded>, options: SendOptions = {}): Promise<SendResult> {
    const createdAndEncoded = async () => {
      await this.create(topic.name, topic instanceof Topic ? topic.partitions : 1);
      return encode();
    };
    return this.#app.send(topic, createdAndEncoded, options);
  }

  /** Creates a topic that the app does not declare. */
  async create(name: string, partitions: number): Promise<void> {
    if (this.#app.topics.has(name)) return;
    const created = this.#created.get(name) ?? this.#client.admin().then((admin) => admin.createTopics([{ name, partitions }]));
    this.#created.set(name, created);
    await created;
  }
}
