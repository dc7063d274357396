/**
 * Events per second of customer-prediction, over one server and one broker: the seed's own way (one request per event, one at a time)
 * against micro-batches, and against the model in process.
 *
 *     npx tsc -p tsconfig.bench.json && node dist/bench/inference.js [events]        (KAFKA_BROKERS names a broker)
 *
 * The model server is streamer's own, in a thread, with the example's model; it spends a little time on every call, one call after the other,
 * as one worker of a Python server does: 1 ms, and 20 us a row (a FastAPI or BentoML service on the same machine takes 2 to 7 ms for one row).
 * BENCH_CALL_MS=0 BENCH_ROW_MS=0 measures it without.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Kafka, logLevel } from 'kafkajs';
import { App, inference, json, string } from 'streamerjs';
import { startBrokerThread } from 'streamerjs/broker';
import { readCsv } from 'streamerjs/connect';
import { http, type Model } from 'streamerjs/models';
import { serveModel } from 'streamerjs/web';
import { asset } from '../examples/customer-prediction/assets.ts';
import { type Answer, Customer, customerOf, Prediction } from '../examples/customer-prediction/customer.ts';
import { answerOf, trainedModel } from '../examples/customer-prediction/model/bank.ts';

const CALL_MS = Number(process.env.BENCH_CALL_MS ?? 1);
const ROW_MS = Number(process.env.BENCH_ROW_MS ?? 0.02);

interface Place {
  readonly brokers: readonly string[];
  readonly url: string;
  readonly customers: readonly Customer[];
}

interface Way {
  readonly name: string;
  /** A share of the events is enough for a slow way. */
  readonly share: number;
  /** Events a second. */
  readonly rate: (place: Place, events: number) => Promise<number>;
}

const ways: readonly Way[] = [
  { name: "the seed's loop by hand: a request per event, a produce per event", share: 0.02, rate: byHand },
  {
    name: "an agent in the seed's way: one row a call, one call at a time",
    share: 0.05,
    rate: agent({ batch: { size: 1, waitMs: 0 }, inFlight: 1 }, (url) => http.rows<Customer, Answer>(url, { single: true })),
  },
  { name: 'defaults: 32 rows, 4 calls in flight', share: 1, rate: agent({}, (url) => http.rows<Customer, Answer>(url)) },
  {
    name: '256 rows, 4 calls in flight',
    share: 1,
    rate: agent({ batch: { size: 256, waitMs: 5 } }, (url) => http.rows<Customer, Answer>(url)),
  },
  { name: 'in process', share: 4, rate: agent({ batch: { size: 256, waitMs: 1 } }, () => trainedModel()) },
];

/** The model, one call after the other and each as long as it is told. */
function slowed(model: Model<Customer, number>): Model<Customer, number> {
  let free = Promise.resolve();
  return {
    ...model,
    name: model.name,
    async predict(rows, options) {
      free = free.then(() => spend(CALL_MS + rows.length * ROW_MS));
      await free;
      return model.predict(rows, options);
    },
    start: async () => model.start?.(),
  };
}

async function spend(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

async function serve(): Promise<void> {
  const server = await serveModel({ model: slowed(trainedModel()), answer: answerOf, port: 0 });
  parentPort?.postMessage(server.url);
}

/** What one writes first: kafkajs' `eachMessage`, `fetch` (with keep-alive, which the seed had not), and a send, each waited for. */
async function byHand({ brokers, url, customers }: Place, events: number): Promise<number> {
  const name = `bench-${Math.random().toString(36).slice(2)}`;
  const kafka = new Kafka({ clientId: name, brokers: [...brokers], logLevel: logLevel.NOTHING });
  const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: name, maxWaitTimeInMs: 50 })];
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  await admin.createTopics({
    waitForLeaders: true,
    topics: ['in', 'out'].map((end) => ({ topic: `${name}-${end}`, numPartitions: 2, replicationFactor: 1 })),
  });
  const messages = Array.from({ length: events }, (_, n) => ({ key: `k${n}`, value: JSON.stringify(customers[n % customers.length]) }));
  await producer.send({ topic: `${name}-in`, messages });
  let finished = 0;
  await consumer.subscribe({ topic: `${name}-in`, fromBeginning: true });
  await consumer.run({
    async eachMessage({ message }) {
      const customer = JSON.parse(String(message.value)) as Customer;
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(customer) });
      const { prediction, ...chances } = (await response.json()) as Answer;
      const value = JSON.stringify({ ...customer, prediction: prediction[0], ...chances });
      await producer.send({ topic: `${name}-out`, messages: [{ key: message.key, value }] });
      finished++;
    },
  });
  const span = await between(() => finished, Math.round(events / 10), events);
  await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
  return (events - span.from) / span.took;
}

type Options = Pick<Parameters<typeof inference>[0], 'batch' | 'inFlight'>;

function agent(options: Options, model: (url: string) => Model<Customer, Answer | number>): Way['rate'] {
  return async ({ brokers, url, customers: rows }, events) => {
    const app = new App({ id: `bench-${Math.random().toString(36).slice(2)}`, brokers: [...brokers] });
    const customers = app.topic(`${app.id}-in`, { key: string(), value: json(Customer), partitions: 2 });
    const predictions = app.topic(`${app.id}-out`, { key: string(), value: json(Prediction), partitions: 2 });
    app.agent(
      'predict',
      customers,
      inference({
        ...options,
        model: model(url),
        features: (customer) => customer,
        result(customer, answer) {
          const {
            prediction: [prediction],
            ...chances
          } = answerOf(answer);
          return { ...customer, prediction, ...chances };
        },
      }),
      { to: predictions },
    );
    const admin = await (await app.client()).admin();
    await admin.createTopics(app.topicSpecs());
    for (let from = 0; from < events; from += 1_000) {
      const part = Array.from({ length: Math.min(1_000, events - from) }, (_, i) => from + i);
      await Promise.all(part.map((n) => customers.send({ key: `k${n}`, value: rows[n % rows.length] as Customer })));
    }
    const worker = await app.start();
    const span = await between(() => worker.stats().agents['predict']?.finished ?? 0, Math.round(events / 10), events);
    await app.stop();
    return (events - span.from) / span.took;
  };
}

/** Time from about the first tenth of the events to the last, so that joining the group and warming up do not count. */
async function between(finished: () => number, from: number, to: number): Promise<{ from: number; took: number }> {
  while (finished() < from) await new Promise((resolve) => setTimeout(resolve, 1));
  const begun = finished();
  const startedAt = performance.now();
  while (finished() < to) await new Promise((resolve) => setTimeout(resolve, 1));
  return { from: begun, took: (performance.now() - startedAt) / 1000 };
}

async function main(): Promise<void> {
  const events = Number(process.argv[2] ?? 20_000);
  const given = process.env.KAFKA_BROKERS?.split(',');
  const broker = given === undefined ? await startBrokerThread() : undefined;
  const brokers = given ?? [broker?.address ?? ''];
  const customers: Customer[] = [];
  for await (const result of readCsv(asset('sample/customers.csv'))) if (!('error' in result)) customers.push(customerOf(result.row));
  const server = new Worker(new URL(import.meta.url));
  const [url] = (await once(server, 'message')) as [string];
  console.log(`${events} events, broker at ${brokers.join(',')}, model: ${CALL_MS} ms a call and ${ROW_MS} ms a row, one call at a time\n`);
  let first: number | undefined;
  for (const way of ways) {
    const rate = await way.rate({ brokers, url, customers }, Math.max(200, Math.round(events * way.share)));
    first ??= rate;
    console.log(
      `${way.name.padEnd(66)} ${Math.round(rate).toLocaleString('en').padStart(8)} events/s ${(rate / first).toFixed(1).padStart(7)} x`,
    );
  }
  await server.terminate();
  await broker?.close();
}

if (isMainThread) await main();
else await serve();
