/**
 * A table keeps what each user has spent. It counts every order once, whatever crashes in between, and another worker, or the
 * next one, goes on with it. Orders come under their own ids, so `groupBy` brings those of a user together first.
 */
import { App, each, json, number, string } from 'streamerjs';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });
const Question = z.object({ limit: z.number() });

export const app = new App({ id: 'spending' });
export const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 4 });
const questions = app.topic('spending-questions', { key: string(), value: json(Question), partitions: 4 });
export const spent = app.table('spent', { key: string(), value: number() });

app.agent(
  'add-up',
  orders.groupBy((order) => order.user, { key: string() }),
  each((order, { key: user }) => void spent.update(user, (sum = 0) => sum + order.amount)),
  { tables: [spent] },
);

export const mayBuy = app.agent(
  'may-buy',
  questions,
  each(({ limit }, { key: user }) => ({ user, mayBuy: (spent.get(user) ?? 0) < limit })),
  { reads: [spent] },
);
