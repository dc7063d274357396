import { App, type AppOptions, type Worker } from 'streamerjs';
import { brokers, unique } from './broker.ts';

/** An app with an id of its own on the broker of this run; quick to commit, so that tests need not wait. */
export function testAppOf(name: string, options: Partial<AppOptions> = {}): App {
  const app = new App({
    brokers: brokers(),
    commitIntervalMs: 50,
    fetchWaitMs: 50,
    logging: false,
    ...options,
    id: options.id ?? unique(name),
  });
  // KAFKA_BROKERS chooses the run's broker; an app that a test sends to another one must not follow it.
  app.configure({ env: {} });
  return app;
}

/** Creates what the app declares and starts it. Stop the app afterwards. */
export async function started(app: App): Promise<Worker> {
  await createTopicsOf(app);
  return app.start();
}

export async function createTopicsOf(app: App): Promise<void> {
  const admin = await (await app.client()).admin();
  await admin.createTopics(app.topicSpecs());
}

/** Waits until something holds, looking every few milliseconds; fails with what was seen last. */
export async function until<T>(look: () => T | Promise<T>, holds: (seen: T) => boolean, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
