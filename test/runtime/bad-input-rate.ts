import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { App, each, json, optional, string } from 'streamerjs';
import { embeddedBroker } from '../faults/system/broker.ts';
import { endOnSignals } from '../faults/system/interrupt.ts';
import { malformed, Order, valid } from './support/malformed.ts';

/**
 * What malformed records cost: a worker reads good records alone, then as many of which every n-th is malformed; compared are
 * the rates, and the processor time of this process (the broker has its own), which other work on the machine does not change.
 */
const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '50000' },
    every: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    broker: { type: 'string', default: 'embedded' },
  },
});

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** @param every so many records have one that is malformed; 0: none is */
async function run(brokers: string[], records: number, every: number): Promise<Cost> {
  const id = `bad-rate-${randomUUID().slice(0, 8)}`;
  const name = `${id}.in`;
  const app = new App({ id, brokers, logLevel: 'error' });
  const orders = app.topic(name, { key: string(), value: json(Order), partitions: 2 });
  app.agent(
    'copy',
    orders,
    each((order) => order),
    { to: app.topic(`${id}.out`, { key: string(), value: json(Order), partitions: 2 }) },
  );
  const sender = new App({ id: `${id}-sender`, brokers });
  const raw = sender.topic(name, { key: optional(string()) });
  const admin = await (await app.client()).admin();
  await admin.createTopics(app.topicSpecs());
  const poison = every === 0 ? [] : malformed(Math.floor(records / every));
  const valueOf = (at: number) => (every > 0 && at % every === every - 1 ? poison[Math.floor(at / every)]?.[1] : undefined) ?? valid(at);
  for (let n = 0; n < records; n += 500) {
    const batch = Array.from({ length: Math.min(500, records - n) }, (_, i) => n + i);
    await Promise.all(batch.map((at) => raw.send({ key: `k${at}`, value: valueOf(at) })));
  }
  await sender.stop();
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const worker = await app.start();
  for (;;) {
    const { agents, deadLettered } = worker.stats();
    if ((agents['copy']?.finished ?? 0) + deadLettered >= records) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await worker.stop();
  const { user, system } = process.cpuUsage(before);
  const cost = { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startedAt };
  await app.stop();
  return cost;
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;

async function main(): Promise<void> {
  const records = Number(values.records);
  const every = Number(values.every);
  const own = values.broker === 'embedded' ? await embeddedBroker({ onDisk: false }) : undefined;
  const brokers = (own?.address ?? values.broker).split(',');
  const good: Cost[] = [];
  const mixed: Cost[] = [];
  await run(brokers, 2_000, 2);
  for (let round = 0; round < Number(values.rounds); round++) {
    good.push(await run(brokers, records, 0));
    mixed.push(await run(brokers, records, every));
  }
  const figures = (costs: Cost[]) => ({
    cpuMs: Math.round(median(costs.map(({ cpuMs }) => cpuMs))),
    wallMs: Math.round(median(costs.map(({ wallMs }) => wallMs))),
  });
  const [plain, half] = [figures(good), figures(mixed)];
  const rateRatio = { byCpu: Number((plain.cpuMs / half.cpuMs).toFixed(2)), byWall: Number((plain.wallMs / half.wallMs).toFixed(2)) };
  process.stdout.write(`${JSON.stringify({ records, every, good: plain, withMalformed: half, rateRatio })}\n`);
  await own?.close();
}

endOnSignals();
await main();
