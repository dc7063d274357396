import { fileURLToPath } from 'node:url';
import { PREDICTED, TABLE } from '../car.ts';
import { loadPg } from '../postgres/client.ts';
import { startServicesProcess } from './services-process.ts';
import { sourceReady } from './slot.ts';
import { startWorker } from './worker-process.ts';

export interface PartsOptions {
  readonly brokers: string | undefined;
  readonly weights: string;
  readonly signal: AbortSignal;
  say(text: string): void;
}

/** Records on the two topics. */
export interface RecordCounts {
  readonly changed: number;
  readonly predicted: number;
}

/** All that runs: a broker (embedded or one's own), Postgres, the model server, a worker, and a client of our own. */
export interface Parts {
  readonly postgresUrl: string;
  recordCounts(): Promise<RecordCounts>;
  /** @throws Error when a process has ended that cannot be done without */
  check(): void;
  stop(): Promise<void>;
}

type Cleanups = Array<() => unknown>;

export async function startParts(options: PartsOptions): Promise<Parts> {
  const cleanups: Cleanups = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) {
      // What cannot be stopped in order must not keep the rest from being stopped.
      await Promise.resolve(cleanup()).catch((error: Error) => options.say(`while stopping: ${error.message}`));
    }
  };
  try {
    return { ...(await start(options, cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start({ brokers, weights, signal, say }: PartsOptions, cleanups: Cleanups): Promise<Omit<Parts, 'stop'>> {
  await loadPg();
  const services = startServicesProcess(weights);
  cleanups.push(() => services.child.stop());
  const address = brokers === undefined || brokers === '' ? await embedded(cleanups) : brokers;
  const { postgresUrl, modelUrl } = await services.ready;
  signal.throwIfAborted();
  const env = { POSTGRES_URL: postgresUrl, MODEL_URL: modelUrl, STREAMER_BROKERS: address };
  Object.assign(process.env, env);
  const { app } = await import('../app.ts');
  app.configure({ flags: { brokers: address } });
  cleanups.push(() => app.stop());
  const admin = await (await app.client()).admin();
  await admin.createTopics(app.topicSpecs());
  say(
    `${app.id} ${app.version}   broker ${address}${address === brokers ? '' : ' (embedded)'}   model ${modelUrl}\npostgres ${postgresUrl}`,
  );
  const worker = startWorker(fileURLToPath(new URL('../app.js', import.meta.url)), say);
  cleanups.push(() => worker.child.stop());
  await worker.ready;
  await sourceReady(postgresUrl, worker.child, signal);
  const count = async (topic: string) => (await admin.watermarks(topic)).reduce((sum, { latest }) => sum + latest, 0);
  return {
    postgresUrl,
    recordCounts: async () => ({ changed: await count(`car_database.public.${TABLE}`), predicted: await count(PREDICTED) }),
    check() {
      for (const child of [services.child, worker.child]) if (child.hasFailed) throw child.failure();
    },
  };
}

async function embedded(cleanups: Cleanups): Promise<string> {
  const { startBrokerThread } = await import('streamerjs/broker');
  const broker = await startBrokerThread();
  cleanups.push(() => broker.close());
  return broker.address;
}
