import { App, each, json, number, string } from 'streamerjs';
import { z } from 'zod';

/** Compiled, not run: events under another key infer their types, and wrong keys are refused. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_T extends true>(): void {}

const Order = z.object({ user: z.string(), amount: z.number() });
const app = new App({ id: 'x' });
const orders = app.topic('orders', { key: number(), value: json(Order), partitions: 8 });
const perUser = app.table('per-user', { key: string(), value: number() });

app.agent(
  'sum',
  orders.groupBy((order) => order.user, { key: string() }),
  each((order, { key }) => {
    holds<Same<typeof key, string>>();
    holds<Same<typeof order, { user: string; amount: number }>>();
    perUser.update(key, (sum = 0) => sum + order.amount);
  }),
  { tables: [perUser] },
);

const byAmount = orders.groupBy((order, { key }) => order.amount + key, { key: number(), name: 'by-amount' });
const again = byAmount.groupBy((order) => order.user, { key: string(), name: 'again' });
app.agent('again', [again], async function* (stream) {
  for await (const { key } of stream) yield key.length;
});

// @ts-expect-error the function gives another type than the serde takes
orders.groupBy((order) => order.amount, { key: string() });

// @ts-expect-error a key serde is needed
orders.groupBy((order) => order.user, {});

const ignored = each<number, z.infer<typeof Order>>(() => {});
// @ts-expect-error a table whose keys are not those of the stream
app.agent('wrong', byAmount, ignored, { tables: [perUser] });

// @ts-expect-error nothing is sent to a stream
void byAmount.send;

const asked = app.agent('asked', byAmount, ignored);
// @ts-expect-error an agent on a stream cannot be asked: its events come from the topic before it
void asked.ask({ user: 'u', amount: 1 });

const users = app.topic('users', { key: string(), value: json(Order), tombstones: 'deliver' });
// @ts-expect-error a tombstone has no field
users.groupBy((user) => user.user, { key: string() });
