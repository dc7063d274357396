import { KafkaError } from '../../errors.ts';
import { type Isolation, type KafkaAdmin, partitionKey, type TopicPartition } from '../../kafka/index.ts';

type Ends = ReadonlyMap<string, number>;

/** Ends of logs. What is asked for in one turn is one request for each topic: all tasks of an assignment ask at once. */
export class LogEnds {
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #asked = new Map<string, Promise<Ends>>();

  constructor(admin: () => Promise<KafkaAdmin>) {
    this.#admin = admin;
  }

  /** The ends of partitions, by `partitionKey`, not older than the call. @throws KafkaError (rejects) */
  async of(partitions: readonly TopicPartition[], isolation: Isolation): Promise<Ends> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const all = await Promise.all(topics.map((topic) => this.#topic(topic, isolation)));
    const ends = new Map(all.flatMap((each) => [...each]));
    const missing = partitions.find((partition) => !ends.has(partitionKey(partition)));
    if (missing === undefined) return ends;
    const { topic, partition } = missing;
    throw new KafkaError('retry', 'the partition is not known yet', { topic, partition });
  }

  #topic(topic: string, isolation: Isolation): Promise<Ends> {
    const id = `${isolation} ${topic}`;
    const asked = this.#asked.get(id);
    if (asked !== undefined) return asked;
    const asking = this.#ask(topic, isolation);
    this.#asked.set(id, asking);
    setImmediate(() => this.#asked.delete(id));
    return asking;
  }

  async #ask(topic: string, isolation: Isolation): Promise<Ends> {
    const marks = await (await this.#admin()).watermarks(topic, { isolation });
    return new Map(marks.map((mark) => [partitionKey(mark), mark.latest]));
  }
}
