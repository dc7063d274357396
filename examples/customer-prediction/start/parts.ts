import type { App } from 'streamerjs';
import type { Band } from '../band.ts';
import type { ModelPlace } from '../model/place.ts';
import type { Display } from './display.ts';
import { startModel } from './model-process.ts';
import { Workers } from './workers.ts';

type Client = Awaited<ReturnType<App['client']>>;

/** All that runs: a broker (embedded or one's own), the model server, two workers, and a client of our own. */
export interface Parts {
  /** Address, and whether it is the embedded one. */
  readonly broker: string;
  readonly client: Client;
  readonly admin: Awaited<ReturnType<Client['admin']>>;
  readonly workers: Workers;
  /** @throws Error when a part has ended that cannot be done without */
  check(): void;
  /** To be called at `stop`, before what is here already. */
  onStop(cleanup: () => unknown): void;
  stop(): Promise<void>;
}

export interface PartsOptions {
  readonly band: Band;
  readonly brokers: string | undefined;
  readonly place: ModelPlace;
  readonly signal: AbortSignal;
  readonly display: Display;
}

const WORKERS = 2;
const SHARED = 'customer_pred';
/** Lets the first worker learn at once that the second has joined. */
const QUICK_START = { STREAMER_HEARTBEAT_INTERVAL_MS: '200' };

export async function startParts(options: PartsOptions): Promise<Parts> {
  const cleanups: Array<() => unknown> = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await attempt(cleanup, options.display);
  };
  try {
    const parts = await start(options, cleanups);
    return { ...parts, onStop: (cleanup) => void cleanups.push(cleanup), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What cannot be stopped in order must not keep the rest from being stopped. */
async function attempt(cleanup: () => unknown, display: Display): Promise<void> {
  try {
    await cleanup();
  } catch (error) {
    display.line(`while stopping: ${(error as Error).message}`);
  }
}

/** The processes are started first: they load while the broker starts, the app is loaded and topics are created here. */
async function start(
  { brokers, band, place, signal, display }: PartsOptions,
  cleanups: Array<() => unknown>,
): Promise<Omit<Parts, 'onStop' | 'stop'>> {
  const workers = new Workers({ count: WORKERS, shared: SHARED, onNote: (text) => display.line(text) });
  cleanups.push(() => workers.stop());
  const model = place === 'server' ? startModel() : undefined;
  if (model !== undefined) cleanups.push(() => model.child.stop());
  const address = brokers ?? (await embedded(cleanups));
  const broker = brokers === undefined ? `${address} (embedded)` : address;
  const { app } = await import('../app.ts');
  signal.throwIfAborted();
  app.configure({ flags: { brokers: address } });
  cleanups.push(() => app.stop());
  const client = await app.client();
  const admin = await client.admin();
  await createTopics(app, admin);
  const url = await model?.url;
  signal.throwIfAborted();
  display.line(`${app.id} ${app.version}   broker ${broker}   model ${url ?? `${place}, in each worker`}`);
  // Before the broker and the model, so that they can finish their events in flight.
  cleanups.push(() => workers.stop());
  workers.begin({
    ...QUICK_START,
    ...ageLimits(band),
    STREAMER_BROKERS: address,
    MODEL: place,
    ...(url === undefined ? {} : { MODEL_URL: url }),
  });
  return {
    broker,
    client,
    admin,
    workers,
    check() {
      if (model?.child.hasFailed) throw model.child.failure();
      workers.check();
    },
  };
}

async function embedded(cleanups: Array<() => unknown>): Promise<string> {
  const { startBrokerThread } = await import('streamerjs/broker');
  const broker = await startBrokerThread();
  cleanups.push(() => broker.close());
  return broker.address;
}

async function createTopics(app: App, admin: Parts['admin']): Promise<void> {
  const specs = app.topicSpecs();
  await admin.createTopics(specs);
  const counts = await admin.partitionCounts(specs.map(({ name }) => name));
  const wrong = specs.filter(({ name, partitions }) => counts.get(name) !== partitions);
  if (wrong.length === 0) return;
  const list = wrong.map(({ name, partitions }) => `${name} has ${counts.get(name)} partitions, the app wants ${partitions}`).join('; ');
  throw new Error(`${list}.\n  Add them:  npm run streamer -- topics create -A customer-prediction --add-partitions`);
}

/** Both are given, so that limits of the surrounding environment do not mix with ours; empty means none. */
function ageLimits({ min, max }: Band): { MIN_AGE: string; MAX_AGE: string } {
  return { MIN_AGE: min === undefined ? '' : String(min), MAX_AGE: max === undefined ? '' : String(max) };
}
