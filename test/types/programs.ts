/**
 * Programs that must compile, and (behind `@ts-expect-error`) programs that must not. Checked by `tsc`, never run: if a
 * wrong program compiles, the unused `@ts-expect-error` is an error itself.
 */
import { App, deadLetter, each, filter, forward, http, inference, json, number, optional, retry, string } from 'streamerjs';
import { ageBand } from 'streamerjs/agents';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });
const Customer = z.object({ age: z.number(), name: z.string() });
const Prediction = Customer.extend({ prediction: z.enum(['Yes', 'No']), probability: z.number() });

const app = new App({ id: 'types', brokers: ['127.0.0.1:9092'] });
const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 8 });
const large = app.topic('large-orders', { key: string(), value: json(Order), partitions: 8 });
const customers = app.topic('customers', { key: string(), value: json(Customer) });
const seniors = app.topic('seniors', { key: string(), value: json(Customer) });
const predictions = app.topic('predictions', { key: string(), value: json(Prediction) });
const numbers = app.topic('numbers', { key: string(), value: number() });
const raw = app.topic('raw');
const compacted = app.topic('compacted', { key: string(), value: json(Order), tombstones: 'deliver' });
const maybeKeyed = app.topic('maybe-keyed', { key: optional(string()), value: json(Order) });
const byNumber = app.topic('by-number', { key: number(), value: json(Order) });

// An agent
app.agent(
  'pick-large',
  orders,
  async function* (stream) {
    for await (const order of stream) {
      const key: string = order.key;
      if (order.value.amount > 10_000 && key !== '') yield order.value;
    }
  },
  { to: large },
);
app.agent('to-several', orders, forward(), { to: [large, orders] });
app.agent('sum', orders, async (stream) => {
  for await (const { key, value } of stream) void (key.length + value.amount);
});
app.agent(
  'batches',
  orders,
  async function* (stream) {
    for await (const batch of stream.take(100, 50)) yield batch.reduce((sum, { value }) => sum + value.amount, 0);
  },
  { to: numbers },
);

// A handler
app.agent(
  'charge',
  orders,
  each(async (order, event) => {
    const amount: number = order.amount;
    const signal: AbortSignal = event.signal;
    void [amount, signal];
  }),
  { concurrency: 64, order: 'key', onError: retry({ attempts: 5 }).otherwise(deadLetter()) },
);

// The shipped agents
app.agent(
  'predict',
  customers,
  inference({
    model: http.rows<z.infer<typeof Customer>, { prediction: 'Yes' | 'No'; probability: number }>('http://127.0.0.1:3000/predict'),
    features: (customer) => customer,
    result: (customer, answer) => ({ ...customer, ...answer }),
    batch: { size: 32, waitMs: 5 },
    inFlight: 8,
    timeoutMs: 2_000,
  }),
  { to: predictions },
);
app.agent(
  'seniors',
  customers,
  ageBand({ min: 60 }, (c) => c.age),
  { to: seniors },
);
app.agent(
  'adults',
  customers,
  filter((c) => c.age >= 18),
  { to: seniors },
);
app.agent('archive', predictions, forward(), { to: predictions });
app.agent('functions', orders, forward(), { to: (order, event) => (order.amount > 1 && event.key !== '' ? large : orders) });
app.agent('plain-sink', orders, forward(), { to: async (order) => void order.amount });
app.agent(
  'patterns',
  app.topic(/^orders-/, { key: string(), value: json(Order) }),
  each((order) => void order.amount),
);
app.agent(
  'several',
  [orders, large],
  each((order) => void order.amount),
);
app.agent(
  'bytes',
  raw,
  each((value, event) => void [value.length, event.key?.length]),
);
app.agent(
  'tombstones',
  compacted,
  each((value) => void value?.amount),
);

// Sending
void orders.send({ key: 'u1', value: { id: '1', user: 'u1', amount: 12 } }).then(({ partition, offset }) => partition + offset);
void maybeKeyed.send({ value: { id: '1', user: 'u1', amount: 12 } });
void raw.send({ value: Buffer.from('x') });
void compacted.send({ key: 'u1', value: null });

// Wrong programs
// @ts-expect-error a value of another shape
void orders.send({ key: 'u1', value: { id: '1' } });
// @ts-expect-error no key, though the topic's keys are strings
void orders.send({ value: { id: '1', user: 'u1', amount: 12 } });
// @ts-expect-error a null value where the topic says nothing of tombstones
void orders.send({ key: 'u1', value: null });
// @ts-expect-error outputs of another type than the sink's
app.agent('wrong-sink', orders, forward(), { to: numbers });
// @ts-expect-error keys of another type than the sink's
app.agent('wrong-key', orders, forward(), { to: byNumber });
app.agent(
  'wrong-yield',
  orders,
  async function* (stream) {
    for await (const order of stream) yield order.value.id;
  },
  // @ts-expect-error the generator yields strings
  { to: large },
);
app.agent(
  'wrong-field',
  orders,
  // @ts-expect-error the value has no such field
  each((order) => void order.price),
);
app.agent(
  'wrong-age',
  orders,
  // @ts-expect-error age is a string
  ageBand({ min: 60 }, (order) => order.user),
);
// @ts-expect-error an order that does not exist
app.agent('wrong-order', orders, forward(), { order: 'random' });
// @ts-expect-error an option that does not exist
app.agent('wrong-option', orders, forward(), { too: large });
app.agent(
  'null',
  compacted,
  // @ts-expect-error a tombstone may come here
  each((value) => void value.amount),
);
// @ts-expect-error a setting that does not exist
void new App({ id: 'x', broker: 'x:1' });

// Asking
const score = app.agent(
  'score',
  orders,
  each(async (order) => ({ score: order.amount })),
);
void score.ask({ id: '1', user: 'u1', amount: 12 }).then(({ score }) => score.toFixed());
void score.cast({ id: '1', user: 'u1', amount: 12 }, { key: 'u1' });
// @ts-expect-error a question of another shape
void score.ask({ id: '1' });
