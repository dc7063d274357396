// A process that runs one source and nothing else, to be killed. Plain JavaScript, so that it starts at once.
import { App } from 'streamerjs';
import { postgresChanges } from 'streamerjs/connect';

const { brokers, id, ...options } = JSON.parse(process.argv[2]);
const app = new App({ id, brokers });
app.source('changes', postgresChanges({ pollMs: 5, ...options }));
const worker = await app.start();
worker.on('source', ({ phase, detail }) => process.stdout.write(`${phase} ${detail}\n`));
setInterval(() => process.send?.({ rss: process.memoryUsage().rss, records: worker.stats().sources.changes.records }), 200).unref();
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)));
