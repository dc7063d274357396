/** An agent can be asked, through Kafka: any worker of the app may answer. */
import { App, each, json, string } from 'streamerjs';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });

export const app = new App({ id: 'scoring' });
const orders = app.topic('orders-to-score', { key: string(), value: json(Order), partitions: 2 });

export const score = app.agent(
  'score',
  orders,
  each(async (order) => ({ id: order.id, isSuspicious: order.amount > 10_000 })),
);

// npm run streamer -- run -A examples/04-asking.ts ask --amount 20000
app.command(
  'ask',
  (command) => command.option('--amount <n>', 'amount of the order', '12'),
  async ({ amount }) => {
    const verdict = await score.ask({ id: '1', user: 'u1', amount: Number(amount) }, { timeoutMs: 5_000 });
    console.log(JSON.stringify(verdict));
  },
  'asks the agent for its verdict on an order',
);
