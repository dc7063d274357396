import { App, each, http, inference, json, number, string } from 'streamerjs';
import { z } from 'zod';

/** Compiled, not run: programs with tables infer everything, and wrong ones are refused. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_T extends true>(): void {}

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number(), placedAt: z.number() });
const Alert = z.object({ user: z.string(), reason: z.string() });
const app = new App({ id: 'x' });
const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 8 });
const alerts = app.topic('alerts', { key: string(), value: json(Alert) });
const byId = app.topic('by-id', { key: number(), value: json(Order) });

// A count per key.
const counts = app.table('counts', { key: string(), value: number() });
app.agent(
  'count',
  orders,
  each((_order, { key }) => void counts.update(key, (n = 0) => n + 1)),
  { tables: [counts] },
);
holds<Same<ReturnType<typeof counts.get>, number | undefined>>();
const one = () => counts.update('u1', (n) => (n ?? 0) + 1);
holds<Same<ReturnType<typeof one>, number | undefined>>();

// A question that is answered from a table.
const questions = app.topic('questions', { key: string(), value: json(z.object({ currency: z.string() })), partitions: 8 });
const balance = app.agent(
  'balance',
  questions,
  each((question, { key }) => ({ currency: question.currency, orders: counts.get(key) ?? 0 })),
  { reads: [counts] },
);
void balance.ask({ currency: 'EUR' }, { key: 'u1' }).then((answer) => answer.orders.toFixed());

// A feature out of a table, and the answer written back.
const scores = app.table('scores', { key: string(), value: json(z.object({ n: z.number(), mean: z.number() })) });
app.agent(
  'score',
  orders,
  inference({
    model: http.rows<{ amount: number; mean: number }, { score: number }>('http://127.0.0.1:3000/predict'),
    features: (order, { key }) => ({ amount: order.amount, mean: scores.get(key)?.mean ?? 0 }),
    result: (order, { score }, { key }) => {
      scores.update(key, (old = { n: 0, mean: 0 }) => ({ n: old.n + 1, mean: old.mean + (score - old.mean) / (old.n + 1) }));
      return { user: order.user, reason: `score ${score}` };
    },
  }),
  { tables: [scores], to: alerts },
);

// Batches, and a generator.
app.agent(
  'batches',
  orders,
  async function* (stream) {
    for await (const batch of stream.take(100, 50)) {
      for (const { key, value } of batch) counts.update(key, (n = 0) => n + value.amount);
      yield { user: batch[0]?.key ?? '', reason: `${batch.length} orders` };
    }
  },
  { tables: [counts], to: alerts },
);
const seen = app.table('seen', { key: string(), value: json(z.object({ at: z.number() })) });
app.agent(
  'first',
  orders,
  async function* (stream) {
    for await (const { key, value, timestamp } of stream) {
      if (seen.has(key)) continue;
      seen.set(key, { at: timestamp });
      yield { user: key, reason: `first order ${value.id}` };
    }
  },
  { tables: [seen], to: alerts },
);

// Entries of one user, newest first.
const history = app.table('history', {
  key: string(),
  value: json(Order),
  ordered: true,
  shardBy: (key) => key.slice(0, key.indexOf(':')),
});
app.agent(
  'history',
  orders,
  each((order, { key }) => {
    history.set(`${key}:${order.placedAt}`, order);
    for (const [id, old] of history.range({ from: `${key}:`, to: `${key};`, reverse: true, limit: 10 })) void [id.length, old.amount];
    for (const [id] of history.entries({ prefix: `${key}:` })) history.delete(id);
  }),
  { tables: [history] },
);

// Keys that are numbers, of entries that belong to events keyed by text.
const cells = app.table('cells', { key: number(), value: number(), shardBy: (key) => String(key) });
app.agent(
  'cells',
  orders,
  each(() => {}),
  { tables: [cells] },
);

const byNumber = app.table('by-number', { key: number(), value: number() });
app.agent(
  'numbers',
  byId,
  each(() => {}),
  { tables: [byNumber] },
);

// @ts-expect-error a schema is not a serde
app.table('b', { key: string(), value: Order });
// @ts-expect-error a key of another type
counts.get(1);
// @ts-expect-error a value of another type
counts.set('u1', '12');
// @ts-expect-error the first update finds nothing
counts.update('u1', (n) => n + 1);
app.agent(
  'h',
  orders,
  each(() => {}),
  // @ts-expect-error a table whose keys the events of this agent never have
  { tables: [byNumber] },
);
// @ts-expect-error range of a table that keeps no order
counts.range({ from: 'a' });
// @ts-expect-error a serde that reads another type than it writes
app.table('c', { key: string(), value: json(z.object({ at: z.string().transform(Number) })) });
// @ts-expect-error an option misspelt
app.table('d', { key: string(), value: number(), stor: 'disk' });
// @ts-expect-error prefixes are for keys of text
byNumber.entries({ prefix: 1 });
app.agent(
  'x',
  orders,
  each((order, { key }) => counts.update(key, (n = 0) => n + order.amount)),
  // @ts-expect-error update returns the new value: braces or `void` keep it from being put out
  { tables: [counts], to: alerts },
);
