import { KafkaError } from '../../errors.ts';
import { sleep, within } from '../../timing/index.ts';
import type {
  ConsumerSink,
  KafkaAdmin,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  KafkaProducer,
  KafkaReader,
  KafkaTransactions,
  ReaderOptions,
  SubscribeOptions,
  Subscription,
} from '../client.ts';
import { createAdmin } from './admin/admin.ts';
import { CONNECT_TIMEOUT_MS, createKafka, REQUEST_TIMEOUT_MS } from './cluster.ts';
import { toKafkaError } from './errors.ts';
import { LIBRARY_NAME, loadLibrary } from './library.ts';
import { createProducer } from './producer.ts';
import { subscribe } from './subscription.ts';

const CONNECT_MS = 10_000;
const CONNECT_PAUSE_MS = 250;
const CLOSE_MS = 3_000;

/**
 * kafkajs behind the contract. Nothing is opened before `connect`, `producer`, `admin` or `subscribe`. What a worker without tables
 * does not use is loaded when it is asked for.
 */
export const kafkajs: KafkaClientFactory = (options) => {
  loadLibrary();
  return new Client(options);
};

interface Closable {
  close(): Promise<void>;
}

class Client implements KafkaClient {
  readonly name = LIBRARY_NAME;
  readonly #options: KafkaClientOptions;
  readonly #opened = new Set<Closable>();

  constructor(options: KafkaClientOptions) {
    this.#options = options;
  }

  async connect(timeoutMs = CONNECT_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const leftMs = deadline - Date.now();
      const failure = await this.#probe(Math.max(1, leftMs));
      if (failure === undefined) return;
      if (failure.reason === 'fatal' || Date.now() + CONNECT_PAUSE_MS >= deadline) throw failure;
      await sleep(CONNECT_PAUSE_MS);
    }
  }

  async producer(): Promise<KafkaProducer> {
    return this.#keep(await createProducer(this.#options));
  }

  async transactions(transactionalId: string): Promise<KafkaTransactions> {
    const { openTransactions } = await import('./transactions.ts');
    return this.#keep(await openTransactions(this.#options, transactionalId));
  }

  async reader(options?: ReaderOptions): Promise<KafkaReader> {
    const { openReader } = await import('./reader/reader.ts');
    return this.#keep(await openReader(this.#options, options));
  }

  async fence(transactionalId: string): Promise<void> {
    const { fenceTransactions } = await import('./transactions.ts');
    await fenceTransactions(this.#options, transactionalId);
  }

  async admin(): Promise<KafkaAdmin> {
    const admin = await createAdmin(this.#options);
    this.#keep(admin);
    return admin;
  }

  async subscribe(options: SubscribeOptions, sink: (subscription: Subscription) => ConsumerSink): Promise<Subscription> {
    return this.#keep(await subscribe(this.#options, options, sink));
  }

  async close(): Promise<void> {
    const opened = [...this.#opened];
    this.#opened.clear();
    await Promise.allSettled(opened.map((each) => each.close()));
  }

  async #probe(ms: number): Promise<KafkaError | undefined> {
    const { brokers } = this.#options;
    const admin = createKafka(this.#options, {
      connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, ms),
      requestTimeout: Math.min(REQUEST_TIMEOUT_MS, ms),
      retry: { retries: 0 },
    }).admin();
    const doing = `no Kafka broker answers at ${brokers.join(', ')}`;
    const next = 'Start one (streamer broker), or name another: --brokers HOST:PORT, or KAFKA_BROKERS in the environment.';
    try {
      const answer = await within(
        admin.connect().then(() => true),
        ms,
      );
      return answer ? undefined : new KafkaError('retry', `${doing}: no answer in time`, { next });
    } catch (error) {
      const failure = toKafkaError(error, doing);
      return failure.next === undefined ? toKafkaError(error, doing, { next }) : failure;
    } finally {
      await within(admin.disconnect(), CLOSE_MS).catch(() => {});
    }
  }

  #keep<T extends Closable>(opened: T): T {
    this.#opened.add(opened);
    return opened;
  }
}
