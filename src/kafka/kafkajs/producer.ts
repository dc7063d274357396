import { KafkaError, StreamerError } from '../../errors.ts';
import { backoff, sleep, within } from '../../timing/index.ts';
import { errorName } from '../../wire/error-code.ts';
import type { KafkaClientOptions, KafkaProducer, OutputRecord } from '../client.ts';
import { RefusedRecordsError } from '../refused.ts';
import { REQUEST_BYTES } from '../request-size.ts';
import { explainRefusal } from './authorization.ts';
import { CutRequests } from './cut-requests.ts';
import { codeError, codeOf, reasonOf, toKafkaError } from './errors.ts';
import { log } from './log.ts';
import { type Batch, type PartitionQueue, partitionQueues } from './partition-queue.ts';
import type { PartitionAnswer } from './produce-call.ts';
import { ProducerSession } from './producer-session.ts';

/** How long a send is repeated before the caller hears of it. */
const SEND_MS = 8_000;
const CLOSE_MS = 5_000;
const FIRST_BACKOFF_MS = 50;
const BACKOFF_CAP_MS = 1_000;
/** A topic made a moment ago is not known to every broker yet. */
const MISSES_ALLOWED = 4;

/** Refusals of a whole batch that may be the fault of one record in it. */
const SPLITTABLE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']);
const SESSION_OVER = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** What one send has come to. */
interface Progress {
  readonly queues: PartitionQueue[];
  readonly offsets: Array<number | undefined>;
  readonly refused: Map<number, KafkaError>;
  readonly deadline: number;
  attempt: number;
  lastError: KafkaError | undefined;
}

/** @param open makes the session, and makes another one after a failure. @default a producer id of its own */
export async function createProducer(
  options: KafkaClientOptions,
  open: () => Promise<ProducerSession> = () => ProducerSession.open(options),
): Promise<KafkaProducer> {
  const producer = new IdempotentProducer(options, open);
  await producer.open();
  return producer;
}

class IdempotentProducer implements KafkaProducer {
  readonly #options: KafkaClientOptions;
  readonly #openSession: () => Promise<ProducerSession>;
  readonly #stopping = new AbortController();
  #session: ProducerSession | undefined;
  readonly #cut = new CutRequests();
  #sending: Promise<number[]> | undefined;

  constructor(options: KafkaClientOptions, openSession: () => Promise<ProducerSession>) {
    this.#options = options;
    this.#openSession = openSession;
  }

  async open(): Promise<ProducerSession> {
    this.#session ??= await this.#openSession().catch((error: unknown) => {
      throw explainRefusal(toKafkaError(error, 'opening a producer'), this.#options, { operation: 'IdempotentWrite' });
    });
    return this.#session;
  }

  async send(records: readonly OutputRecord[]): Promise<number[]> {
    if (this.#stopping.signal.aborted) throw new StreamerError('USAGE', 'the producer is closed');
    if (this.#sending !== undefined) {
      throw new StreamerError('USAGE', 'send was called while another send of this producer is under way', { next: 'Await the first.' });
    }
    this.#sending = this.#send(records);
    try {
      return await this.#sending;
    } finally {
      this.#sending = undefined;
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#sending !== undefined) await within(this.#sending, CLOSE_MS).catch(() => {});
    await this.#discard();
  }

  async #send(records: readonly OutputRecord[]): Promise<number[]> {
    const offsets: Array<number | undefined> = new Array(records.length).fill(undefined);
    const deadline = Date.now() + SEND_MS;
    const progress: Progress = {
      queues: partitionQueues(records),
      offsets,
      refused: new Map(),
      deadline,
      attempt: 0,
      lastError: undefined,
    };
    try {
      while (progress.queues.some((queue) => !queue.isDone)) await this.#step(progress);
    } catch (error) {
      await this.#discard();
      throw toKafkaError(error, 'sending records');
    }
    if (progress.refused.size > 0) throw new RefusedRecordsError(progress.refused, offsets);
    return offsets as number[];
  }

  /** One round of requests, or a failed attempt at it followed by a wait. */
  async #step(progress: Progress): Promise<void> {
    let failure: KafkaError | undefined;
    progress.lastError = undefined;
    try {
      const session = await this.open();
      const batches = await this.#place(session, progress);
      failure = await this.#round(session, batches, progress);
    } catch (error) {
      failure = toKafkaError(error, 'sending records');
    }
    if (failure === undefined) {
      progress.attempt = 0;
      return;
    }
    if (failure.reason !== 'retry' || this.#stopping.signal.aborted || Date.now() >= progress.deadline) throw failure;
    log.debug('send failed, trying again: {message}', { message: failure.message });
    await sleep(backoff(++progress.attempt, FIRST_BACKOFF_MS, BACKOFF_CAP_MS), this.#stopping.signal);
    await this.#session?.refresh().catch(() => {
      this.#cut.forget();
      return this.#discard();
    });
  }

  /** The next batch of each queue, by the broker that leads it. */
  async #place(session: ProducerSession, progress: Progress): Promise<Map<number, Batch[]>> {
    const open = progress.queues.filter((queue) => !queue.isDone);
    await this.#learn(session, open, progress);
    const byLeader = new Map<number, Batch[]>();
    let bytes = 0;
    for (const queue of open.filter((each) => !each.isDone)) {
      const leader = session.leader(queue.topic, queue.partition);
      if (leader === undefined || leader < 0) {
        this.#judge(queue, leader === undefined ? UNKNOWN_TOPIC : 'LEADER_NOT_AVAILABLE', 0, progress);
        continue;
      }
      const batch = queue.batch();
      bytes += batch.bytes;
      if (byLeader.size > 0 && (bytes > REQUEST_BYTES || this.#cut.isIsolating)) break;
      const batches = byLeader.get(leader);
      if (batches === undefined) byLeader.set(leader, [batch]);
      else batches.push(batch);
    }
    return byLeader;
  }

  /**
   * A topic that is not there fails the metadata of all topics asked for with it (and, as kafkajs keeps asking, all later
   * sends), so the topics are asked for one by one then, in a new session.
   */
  async #learn(session: ProducerSession, queues: readonly PartitionQueue[], progress: Progress): Promise<void> {
    const topics = [...new Set(queues.map(({ topic }) => topic))];
    try {
      await session.learn(topics);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || reasonOf(code) !== 'refused') throw error;
      await this.#discard();
      const fresh = await this.open();
      for (const topic of topics) {
        await fresh.learn([topic]).catch((cause: unknown) => this.#judgeTopic(topic, cause, queues, progress));
      }
      throw progress.lastError ?? new KafkaError('retry', 'the topics of the send had to be asked for one by one');
    }
  }

  #judgeTopic(topic: string, cause: unknown, queues: readonly PartitionQueue[], progress: Progress): void {
    const code = codeOf(cause);
    if (code === undefined) throw cause;
    for (const queue of queues.filter((each) => each.topic === topic)) this.#judge(queue, code, 0, progress);
  }

  async #round(session: ProducerSession, byLeader: Map<number, Batch[]>, progress: Progress): Promise<KafkaError | undefined> {
    const leaders = [...byLeader];
    const answers = await Promise.allSettled(leaders.map(([nodeId, batches]) => session.produce(nodeId, batches)));
    answers.forEach((answer, index) => {
      const [nodeId, batches = []] = leaders[index] ?? [];
      if (answer.status === 'fulfilled') {
        this.#cut.answered();
        for (const batch of batches) this.#settle(session, batch, answer.value, progress);
        return;
      }
      progress.lastError = toKafkaError(answer.reason, `sending to broker ${nodeId}`);
      const refusal = this.#cut.note(batches, answer.reason);
      if (refusal !== undefined) batches[0]?.queue.refuseOne(refusal, progress.refused);
    });
    return progress.lastError;
  }

  #settle(session: ProducerSession, { queue, records }: Batch, answers: readonly PartitionAnswer[], progress: Progress): void {
    const answer = answers.find(({ topic, partition }) => topic === queue.topic && partition === queue.partition);
    if (answer === undefined) return this.#judge(queue, 'UNKNOWN', records.length, progress);
    if (answer.errorCode !== 0) return this.#judge(queue, errorName(answer.errorCode), records.length, progress);
    queue.misses = 0;
    queue.written(records.length, answer.baseOffset, progress.offsets);
    session.advance(queue.topic, queue.partition, records.length);
  }

  /** Decides about a partition that failed: refused, smaller batches, or another attempt (`lastError`). */
  #judge(queue: PartitionQueue, code: string, count: number, progress: Progress): void {
    const refusal = codeError(code, 'writing was refused', { topic: queue.topic, partition: queue.partition });
    const error = explainRefusal(refusal, this.#options, { operation: 'Write', topics: [queue.topic] });
    if (code === UNKNOWN_TOPIC && ++queue.misses < MISSES_ALLOWED) {
      progress.lastError = new KafkaError('retry', error.message, { ...error.place, kafkaCode: code });
    } else if (SPLITTABLE.has(code) && count > 1) {
      queue.split(count);
    } else if (SPLITTABLE.has(code)) {
      queue.refuseOne(error, progress.refused);
    } else if (error.reason === 'refused') {
      queue.refuseRest(error, progress.refused);
    } else {
      progress.lastError = SESSION_OVER.has(code) ? this.#endSession(error) : error;
    }
  }

  /** The broker has forgotten this producer id, or another took it: a new one goes on where it was. */
  #endSession({ message, place, kafkaCode }: KafkaError): KafkaError {
    void this.#discard();
    return new KafkaError('retry', message, { ...place, kafkaCode });
  }

  async #discard(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}
