import { App, each, json, number, string } from 'streamerjs';
import { finish, isAllSeen, saw } from './tell.ts';

/**
 * `WORK=count` counts events by key in a table, `WORK=noop` does nothing with them, both of the same typed topic and in the
 * order of each key. `COMMIT_MS` sets the interval of commits.
 */
const { BROKERS = '', TOPIC = '', WORK = '', EVENTS = '', GROUP = '', COMMIT_MS = '500' } = process.env;
const app = new App({ id: GROUP, brokers: BROKERS, commitIntervalMs: Number(COMMIT_MS) });
const customers = app.topic(TOPIC, { key: string(), value: json(), partitions: 4 });
const options = { order: 'key', concurrency: 64 } as const;
if (WORK === 'count') {
  const counts = app.table('counts', { key: string(), value: number() });
  app.agent(
    'count',
    customers,
    each((_, { key }) => {
      saw();
      counts.update(key, (n = 0) => n + 1);
    }),
    { ...options, tables: [counts] },
  );
} else {
  app.agent(
    'count',
    customers,
    each(() => saw()),
    options,
  );
}
await (await (await app.client()).admin()).createTopics(app.topicSpecs());
const worker = await app.start();
const timer = setInterval(() => {
  if (!isAllSeen() || worker.stats().agents['count']!.finished < Number(EVENTS)) return;
  clearInterval(timer);
  // All of it is committed then.
  void app.stop().then(finish);
}, 5);
