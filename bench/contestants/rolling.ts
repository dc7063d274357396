import { App, each, json, string } from 'streamerjs';

/** Tells, for each event, which process was called for which partition, and when. */
const { BROKERS = '', GROUP = '' } = process.env;
const app = new App({ id: GROUP, brokers: BROKERS });
const input = app.topic(`${GROUP}-in`, { key: string(), value: json(), partitions: 12 });
const calls = app.topic(`${GROUP}-calls`, { key: string(), value: json(), partitions: 1 });
app.agent(
  'tell',
  input,
  each((_value, { partition }) => ({ by: process.pid, partition, at: Date.now() })),
  { to: calls },
);
await app.start();
process.once('SIGTERM', () => void app.stop());
console.log('ready');
