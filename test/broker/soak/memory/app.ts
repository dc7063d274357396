import { App, each } from 'streamerjs';

// The worker that is attacked: reads, and does nothing.
const { MEMORY_TOPIC: topic = 'memory' } = process.env;

export const app = new App({ id: topic, onUnreadable: 'skip' });

app.agent(
  'read',
  app.topic(topic, { partitions: 2 }),
  each(() => {}),
);
