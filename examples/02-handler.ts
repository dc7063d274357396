/** One call per event, 64 at once, in order by key; what fails is tried again, then dead-lettered. */
import { App, deadLetter, each, json, retry, string } from 'streamerjs';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });

export const app = new App({ id: 'payments' });
export const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 8 });

/** Stands for a payment service; replace it by yours. */
export const payments = {
  charged: [] as string[],
  async charge(order: z.infer<typeof Order>, options: { signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    if (order.amount < 0) throw new RangeError(`cannot charge ${order.amount}`);
    this.charged.push(order.id);
  },
};

app.agent(
  'charge',
  orders,
  each(async (order, event) => {
    await payments.charge(order, { signal: event.signal });
  }),
  { concurrency: 64, order: 'key', onError: retry({ attempts: 3, delayMs: 50 }).otherwise(deadLetter()) },
);
