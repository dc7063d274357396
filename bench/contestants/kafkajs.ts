/** What a competent kafkajs user writes: batches in, chunks of 2,000 out (a whole fetch would be over the broker's limit). */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { finish, isAllSeen, saw } from './tell.ts';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
const { BROKERS = '', TOPIC = '', WORK = '' } = process.env;
const kafka = new Kafka({ clientId: 'bench', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING });
const id = randomUUID();
const out = `${TOPIC}-out-${id}`;
const producer = kafka.producer();
if (WORK === 'json') {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: out, numPartitions: 4, replicationFactor: 1 }] });
  await admin.disconnect();
  await producer.connect();
}
const consumer = kafka.consumer({ groupId: `bench-${id}`, maxWaitTimeInMs: 250 });
await consumer.connect();
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
await consumer.run({
  eachBatch: async ({ batch }) => {
    saw(0);
    if (WORK === 'json') {
      const messages = batch.messages.map(({ key, value }) => {
        const customer = JSON.parse(String(value));
        return { key, value: JSON.stringify({ ...customer, segment: customer.age < 30 ? 'young' : 'adult' }) };
      });
      for (let at = 0; at < messages.length; at += 2_000)
        await producer.send({ topic: out, acks: -1, messages: messages.slice(at, at + 2_000) });
    }
    saw(batch.messages.length);
    if (isAllSeen()) finish();
  },
});
