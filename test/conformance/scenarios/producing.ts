import { fetch, listOffsets, produce } from '../../../src/wire/apis/data.ts';
import { offsetFetch } from '../../../src/wire/apis/group.ts';
import * as txn from '../../../src/wire/apis/transaction.ts';
import { createTopic } from '../../helpers/broker.ts';
import { batch, type Wire } from '../../helpers/wire.ts';
import type { Script } from './script.ts';

const TRANSACTIONAL = 0x10;
/** CONCURRENT_TRANSACTIONS: Kafka writes markers after it has answered, and says so until they stand. */
const BUSY = [51];

/** A transactional producer that a script plays: it knows its id and epoch, and counts no sequences by itself. */
export class Producing {
  readonly id: string;
  producerId = -1;
  epoch = -1;
  readonly #script: Script;
  readonly #coordinator: Wire;

  private constructor(script: Script, id: string, coordinator: Wire) {
    this.#script = script;
    this.id = id;
    this.#coordinator = coordinator;
  }

  static async of(script: Script, id: string): Promise<Producing> {
    return new Producing(script, id, await script.toTransactions(id));
  }

  /** One with an id of its own that has been given its producer id. */
  static async started(script: Script, label = 'X'): Promise<Producing> {
    const one = await Producing.of(script, script.name(label));
    await one.init();
    return one;
  }

  async init(more: { timeoutMs?: number; producerId?: number; producerEpoch?: number; version?: number } = {}): Promise<void> {
    const { timeoutMs = 60_000, version = 4, ...expected } = more;
    const request = () => ({ transactionalId: this.id, transactionTimeoutMs: timeoutMs, ...expected });
    this.#take(await this.#script.askUntil(this.#coordinator, 'init', txn.initProducerId, version, request, BUSY));
  }

  /** Without waiting for what is under way. */
  async initOnce(version = 4): Promise<void> {
    const request = { transactionalId: this.id, transactionTimeoutMs: 60_000 };
    this.#take(await this.#script.ask(this.#coordinator, 'init once', txn.initProducerId, version, request));
  }

  async add(topic: string, partitions: readonly number[], version = 3): Promise<void> {
    const request = () => ({ ...this.#owner(), topics: [{ name: topic, partitions }] });
    await this.#script.askUntil(this.#coordinator, 'add partitions', txn.addPartitionsToTxn, version, request, BUSY);
  }

  async addOffsets(groupId: string, version = 3): Promise<void> {
    await this.#script.askUntil(
      this.#coordinator,
      'add offsets',
      txn.addOffsetsToTxn,
      version,
      () => ({ ...this.#owner(), groupId }),
      BUSY,
    );
  }

  async end(isCommitted: boolean, version = 3): Promise<void> {
    const what = isCommitted ? 'commit' : 'abort';
    await this.#script.askUntil(this.#coordinator, what, txn.endTxn, version, () => ({ ...this.#owner(), isCommitted }), BUSY);
  }

  /** A transactional batch of this producer, whatever the sequence. */
  async send(topic: string, index: number, sequence: number, values: readonly string[], more: SendOptions = {}): Promise<void> {
    const { transactionalId = this.id, attributes = TRANSACTIONAL, version = 7 } = more;
    const owner = { producerId: this.producerId, producerEpoch: this.epoch, baseSequence: sequence };
    const records = [batch({ values, attributes, ...owner })];
    const request = { transactionalId, acks: -1, timeoutMs: 5000, topics: [{ name: topic, partitions: [{ index, records }] }] };
    await this.#script.ask(await this.#script.toLeader(topic), `send ${values.join(' ')}`, produce, version, request);
  }

  async commitOffset(groupId: string, topic: string, offset: number, more: CommitOptions = {}): Promise<void> {
    const { version = 3, ...claim } = more;
    const topics = [{ name: topic, partitions: [{ index: 0, offset, metadata: `at ${offset}` }] }];
    const request = { transactionalId: this.id, groupId, producerId: this.producerId, producerEpoch: this.epoch, ...claim, topics };
    await this.#script.ask(await this.#script.toGroup(groupId), `offset ${offset}`, txn.txnOffsetCommit, version, request);
  }

  /** Another producer with the same names, as a second process would have them. */
  twin(): Promise<Producing> {
    return Producing.of(this.#script, this.id);
  }

  /** The same in every way but one. */
  async like(more: { id?: string; producerId?: number; epoch?: number }): Promise<Producing> {
    const other = await Producing.of(this.#script, more.id ?? this.id);
    other.producerId = more.producerId ?? this.producerId;
    other.epoch = more.epoch ?? this.epoch;
    return other;
  }

  #owner() {
    return { transactionalId: this.id, producerId: this.producerId, producerEpoch: this.epoch };
  }

  #take({ errorCode, producerId, producerEpoch }: { errorCode: number; producerId: number; producerEpoch: number }): void {
    if (errorCode !== 0) return;
    this.producerId = producerId;
    this.epoch = producerEpoch;
  }
}

interface SendOptions {
  readonly transactionalId?: string | null;
  readonly attributes?: number;
  readonly version?: number;
}

interface CommitOptions {
  readonly version?: number;
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
}

export async function newTopic(script: Script, label = 'T', partitions = 1): Promise<string> {
  const topic = await createTopic(label, { partitions });
  script.call(topic, label);
  return topic;
}

/** Reads from an offset on, by both isolation levels. */
export async function read(script: Script, topic: string, index = 0, fetchOffset = 0): Promise<void> {
  const leader = await script.toLeader(topic);
  for (const [isolationLevel, what] of ['read all', 'read committed'].entries()) {
    await script.ask(leader, what, fetch, 11, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000_000,
      isolationLevel,
      topics: [{ name: topic, partitions: [{ index, fetchOffset, maxBytes: 1_000_000 }] }],
    });
  }
}

export async function ends(script: Script, topic: string, index = 0): Promise<void> {
  const leader = await script.toLeader(topic);
  for (const isolationLevel of [0, 1]) {
    for (const timestamp of [-1, -2, -3, 0]) {
      const request = { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions: [{ index, timestamp }] }] };
      await script.ask(leader, `offset for ${timestamp}, isolation ${isolationLevel}`, listOffsets, 7, request);
    }
  }
}

/** A plain batch of a producer without transactions. */
export async function sendPlain(script: Script, topic: string, index: number, values: readonly string[]): Promise<void> {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topics: [{ name: topic, partitions: [{ index, records: [batch({ values })] }] }],
  };
  await script.ask(await script.toLeader(topic), `plain ${values.join(' ')}`, produce, 7, request);
}

/** What a group has committed for partition 0, by who waits for open transactions and by who does not. */
export async function committed(script: Script, groupId: string, topic: string): Promise<void> {
  const coordinator = await script.toGroup(groupId);
  for (const requireStable of [false, true]) {
    const request = { groupId, topics: [{ name: topic, partitions: [0] }], requireStable };
    await script.ask(coordinator, requireStable ? 'offsets, stable' : 'offsets', offsetFetch, 7, request);
  }
}
