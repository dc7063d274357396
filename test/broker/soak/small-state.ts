import { createTopics, deleteTopics, metadata } from '../../../src/wire/apis/admin.ts';
import { offsetCommit, offsetFetch } from '../../../src/wire/apis/group.ts';
import { Wire } from '../../helpers/wire.ts';

const GROUP = 'soak';
const KEPT_TOPICS = 3;

/** Commits offsets, makes and deletes topics, one after the other, until the broker is gone; then looks what is left. */
export class SmallState {
  readonly #address: string;
  readonly #topic: string;
  #committed = { acknowledged: -1, sent: -1 };
  #made = 0;
  /** Whose creation was acknowledged, and whose deletion was not asked for. */
  readonly #topics = new Set<string>();
  readonly #deleted = new Set<string>();

  constructor(address: string, topic: string) {
    this.#address = address;
    this.#topic = topic;
  }

  get commits(): number {
    return this.#committed.acknowledged + 1;
  }

  get topicsMade(): number {
    return this.#made;
  }

  /** Settles when the connection ends. */
  async run(): Promise<void> {
    const wire = await Wire.connect(this.#address);
    try {
      for (let i = 0; ; i++) {
        await this.#commit(wire);
        if (i % 5 === 0) await this.#makeTopic(wire);
        if (this.#topics.size > KEPT_TOPICS) await this.#deleteTopic(wire);
      }
    } catch (error) {
      if (!wire.isClosed) throw error;
    } finally {
      wire.close();
    }
  }

  /** @throws Error when something acknowledged is missing, or something is there that was not asked for */
  async check(): Promise<void> {
    const wire = await Wire.connect(this.#address);
    try {
      const { topics } = await wire.send(offsetFetch, 5, { groupId: GROUP, topics: [{ name: this.#topic, partitions: [0] }] });
      const { offset = -1, metadata: text } = topics[0]?.partitions[0] ?? {};
      if (offset < this.#committed.acknowledged || offset > this.#committed.sent || (offset >= 0 && text !== `at ${offset}`)) {
        throw new Error(`offset ${offset} "${text}" was kept, where ${this.#committed.acknowledged} was acknowledged`);
      }
      const known = new Set((await wire.send(metadata, 5, { topics: null, allowAutoTopicCreation: false })).topics.map(({ name }) => name));
      for (const name of this.#topics) if (!known.has(name)) throw new Error(`topic ${name} was made, and is not there`);
      for (const name of this.#deleted) if (known.has(name)) throw new Error(`topic ${name} was deleted, and is there`);
    } finally {
      wire.close();
    }
  }

  async #commit(wire: Wire): Promise<void> {
    const offset = this.#committed.sent + 1;
    this.#committed.sent = offset;
    const { topics } = await wire.send(offsetCommit, 2, {
      groupId: GROUP,
      generationId: -1,
      memberId: '',
      topics: [{ name: this.#topic, partitions: [{ index: 0, offset, metadata: `at ${offset}` }] }],
    });
    if (topics[0]?.partitions[0]?.errorCode === 0) this.#committed.acknowledged = offset;
  }

  async #makeTopic(wire: Wire): Promise<void> {
    const name = `made-${++this.#made}`;
    const { topics } = await wire.send(createTopics, 2, {
      topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1000,
      validateOnly: false,
    });
    if (topics[0]?.errorCode === 0) this.#topics.add(name);
  }

  async #deleteTopic(wire: Wire): Promise<void> {
    const [name] = this.#topics;
    if (name === undefined) return;
    this.#topics.delete(name);
    const { topics } = await wire.send(deleteTopics, 1, { names: [name], timeoutMs: 1000 });
    if (topics[0]?.errorCode === 0) this.#deleted.add(name);
  }
}
