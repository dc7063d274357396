/**
 * A typed topic, an agent, a derived topic.
 *
 *     npm run streamer -- dev -A examples/01-agent.ts
 *     npm run streamer -- send orders -A examples/01-agent.ts -k u1 '{"id":"1","user":"u1","amount":20000}'
 *     npm run streamer -- consume large-orders -A examples/01-agent.ts
 */
import { App, json, string } from 'streamerjs';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });

export const app = new App({ id: 'shop' });

export const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 8 });
export const large = app.topic('large-orders', { key: string(), value: json(Order), partitions: 8 });

app.agent(
  'pick-large',
  orders,
  async function* (stream) {
    for await (const order of stream) {
      if (order.value.amount > 10_000) yield order.value;
    }
  },
  { to: large },
);
