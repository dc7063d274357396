import { each, json, string } from 'streamerjs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

it('a worker deletes the records of a repartition topic when it has committed past them', async () => {
  const app = testAppOf('group-by');
  try {
    const orders = app.topic(unique('orders'), { key: string(), value: json(z.object({ user: z.string() })) });
    app.agent(
      'per-user',
      orders.groupBy((order) => order.user, { key: string(), name: 'by-user' }),
      each(() => {}),
    );
    const worker = await started(app);
    for (let n = 0; n < 5; n++) await orders.send({ key: 'k', value: { user: 'u' } });
    const admin = await (await app.client()).admin();
    await until(
      () => admin.watermarks(`${app.id}-by-user-repartition`),
      ([marks]) => marks?.earliest === 5,
      60_000,
    );
    expect(worker.state).toBe('ready');
  } finally {
    await app.stop();
  }
});
