import { expect, test } from 'vitest';
import { client, createTopic, readAll } from '../helpers/broker.ts';

test('a record comes back as it was sent', async () => {
  const topic = await createTopic('produce');
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
  await producer.disconnect();
  const [record] = await readAll(topic);
  expect(String(record?.value)).toBe('v');
});
