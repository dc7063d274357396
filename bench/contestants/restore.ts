import { App, each, json, number, string } from 'streamerjs';

/**
 * Restores the table that `state.ts` has filled: the time from the start until each of the 4 partitions has handled an event
 * that waited for it.
 */
const { BROKERS = '', TOPIC = '', EVENTS = '', GROUP = '' } = process.env;
const PARTITIONS = 4;
const app = new App({ id: GROUP, brokers: BROKERS });
const customers = app.topic(TOPIC, { key: string(), value: json(), partitions: PARTITIONS });
const counts = app.table('counts', { key: string(), value: number() });
const waiting = new Set(Array.from({ length: PARTITIONS }, (_, partition) => partition));
let startedAt = 0;
let cpu = process.cpuUsage();

function finish(): never {
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ rate: Number(EVENTS) / seconds, seconds, cpuUs: (user + system) / Number(EVENTS) }));
  process.exit(0);
}

app.agent(
  'count',
  customers,
  each((_, { key, partition }) => {
    // A read that finds nothing would mean that there was nothing to restore.
    if (!counts.has(key)) throw new Error(`there is no entry for ${key}`);
    waiting.delete(partition);
    if (waiting.size === 0) finish();
  }),
  { order: 'key', concurrency: 64, tables: [counts] },
);
for (const key of ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10', 'k11', 'k12', 'k13', 'k14', 'k15']) {
  await customers.send({ key, value: {} });
}
startedAt = performance.now();
cpu = process.cpuUsage();
await app.start();
