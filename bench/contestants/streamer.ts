import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, each, json, type Order, string } from 'streamerjs';
import { finish, finishIdle, isAllSeen, saw } from './tell.ts';

interface Customer {
  age: number;
}

const { BROKERS = '', TOPIC = '', WORK = '', EVENTS = '' } = process.env;
const order = process.env.ORDER as Order;
const app = new App({ id: `bench-${randomUUID()}`, brokers: BROKERS });
const segmentOf = (customer: Customer) => ({ ...customer, segment: customer.age < 30 ? 'young' : 'adult' });

if (WORK === 'noop' || WORK === 'idle') {
  app.agent(
    'noop',
    app.topic(TOPIC, { partitions: 4 }),
    each(() => saw()),
    { order, concurrency: 64 },
  );
} else {
  const source = app.topic(TOPIC, { key: string(), value: json(), partitions: 4 });
  const to = app.topic(`${TOPIC}-out-${app.id}`, { key: string(), value: json(), partitions: 4 });
  if (WORK === 'latency') {
    app.agent(
      'latency',
      source,
      each(async () => {
        saw();
        await sleep(10);
      }),
      { order, concurrency: 64 },
    );
  } else if (WORK === 'json') {
    app.agent(
      'segment',
      source,
      each((customer) => {
        saw();
        return segmentOf(customer as Customer);
      }),
      { order, to, concurrency: 64 },
    );
  } else {
    app.agent(
      'segment',
      source,
      async function* (stream) {
        for await (const { value } of stream) {
          saw();
          yield segmentOf(value as Customer);
        }
      },
      { order, to, concurrency: 4 },
    );
  }
}
await (await (await app.client()).admin()).createTopics(app.topicSpecs());
const worker = await app.start();
if (WORK === 'idle') await finishIdle();
const agent = [...app.agents.keys()][0]!;
setInterval(() => {
  if (isAllSeen() && worker.stats().agents[agent]!.finished >= Number(EVENTS)) finish();
}, 5);
