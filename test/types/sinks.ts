import { App, csvFileSink, json, postgresUpsert, string } from 'streamerjs';
import { csvFile } from 'streamerjs/connect';
import { z } from 'zod';

/** Compiled, not run: sources and sinks infer what they are given, and refuse what does not fit. */
const app = new App({ id: 'x' });
const orders = app.topic('orders', { key: string(), value: json(z.object({ id: z.string(), amount: z.number() })) });
app.agent('store', orders, postgresUpsert({ table: 'orders', pkFields: ['id'], row: (order) => ({ id: order.id, amount: order.amount }) }));
app.agent('t', orders, postgresUpsert({ table: ({ key }) => `t_${key.length}` }));
// @ts-expect-error no such field
app.agent('bad', orders, postgresUpsert({ row: (order) => ({ id: order.nothing }) }));
app.agent('keep', orders, csvFileSink('x.csv', { columns: ['id'], row: ({ id }) => ({ id }) }));
app.source(
  'rows',
  csvFile('x.csv', { topic: orders, key: (row) => row.id ?? '', value: (row) => ({ id: row.id ?? '', amount: Number(row.amount) }) }),
);
app.source(
  'wrong-rows',
  csvFile('x.csv', {
    topic: orders,
    key: (row) => row.id ?? '',
    // @ts-expect-error the amount is a number
    value: (row) => ({ id: row.id ?? '', amount: row.amount }),
  }),
);
