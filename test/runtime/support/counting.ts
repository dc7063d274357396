import { type App, type AppOptions, each, number, string, type Worker } from 'streamerjs';
import { testAppOf, until } from '../../helpers/app.ts';
import { unique } from '../../helpers/broker.ts';

/** One app that counts events by key, and the names by which others find its group and topic. */
export interface CountingApp {
  readonly app: App;
  readonly id: string;
  readonly topic: string;
  /** The count that each key's last event came to, of this worker alone. */
  readonly seen: Map<string, number>;
  /** Positions of the events handled, in order: `partition@offset`. */
  readonly handled: string[];
  start(): Promise<Worker>;
  send(...keys: string[]): Promise<void>;
  /** Waits until the worker has handled so many events. */
  handles(count: number): Promise<void>;
}

export interface CountingOptions extends Partial<AppOptions> {
  readonly topic?: string;
  readonly partitions?: number;
  readonly agent?: string;
  readonly renamedFrom?: string;
  /** Awaited by the handler of each event, after its write. */
  readonly handle?: (key: string, offset: number) => Promise<void> | undefined;
}

export function countingApp(options: CountingOptions = {}): CountingApp {
  const { topic = unique('items'), partitions = 2, agent = 'count', handle, renamedFrom, ...rest } = options;
  const app = testAppOf('count', rest);
  const items = app.topic(topic, { key: string(), value: string(), partitions });
  const counts = app.table('counts', { key: string(), value: number() });
  const seen = new Map<string, number>();
  const handled: string[] = [];
  app.agent(
    agent,
    items,
    each((_value, { key, partition, offset }) => {
      const count = counts.update(key, (n = 0) => n + 1) ?? 0;
      handled.push(`${partition}@${offset}`);
      seen.set(key, count);
      return handle?.(key, Number(offset)) as Promise<undefined> | undefined;
    }),
    { tables: [counts], renamedFrom, concurrency: 16 },
  );
  return {
    ...{ app, topic, seen, handled, id: app.id },
    start: async () => {
      const admin = await (await app.client()).admin();
      await admin.createTopics(app.topicSpecs());
      return app.start();
    },
    send: async (...keys) => {
      await Promise.all(keys.map((key) => items.send({ key, value: 'x' })));
    },
    handles: async (count) => {
      await until(
        () => handled.length,
        (length) => length >= count,
      );
    },
  };
}
