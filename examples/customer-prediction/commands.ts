import { once } from 'node:events';
import type { App, Topic } from 'streamerjs';
import { asset } from './assets.ts';
import type { Customer } from './customer.ts';
import { rateOf, wholeOf } from './numbers.ts';
import { simulate } from './simulator.ts';
import { usage } from './usage.ts';

/** A generated file: see sample/README.md. */
export const SAMPLE = 'sample/customers.csv';

/** `streamer run -A customer-prediction model --port 3000` */
export function modelCommand(app: App): void {
  app.command(
    'model',
    (command) =>
      command
        .option('--port <n>', 'port to listen on; 0 takes a free one', '3000')
        .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
        .option('--seed', 'the model and the answers of the project that this example goes back to'),
    async ({ port, host, seed }, { signal }) => {
      const { serveBank } = await import('./model/server.ts');
      const server = await serveBank({ port: usage(() => wholeOf('--port', String(port))), host: String(host), seed: seed === true });
      process.stdout.write(`model server listening on ${server.url}\n`);
      if (!signal.aborted) await once(signal, 'abort');
      await server.close();
    },
    'serve the model over REST: POST /predict, GET /health',
  );
}

/** `streamer run -A customer-prediction simulate --file customers.csv --rate 10` */
export function simulateCommand(app: App, customers: Topic<string, Customer>): void {
  app.command(
    'simulate',
    (command) =>
      command
        .option('--file <csv>', 'bank-marketing CSV, comma or semicolon (default: the generated sample)')
        .option('--rate <n>', 'customers per second; 0 = as fast as it goes (default: one in 3 seconds)', '0.3333')
        .option('--limit <n>', 'stop after so many customers')
        .option('--json', 'print the summary as JSON'),
    async ({ file, rate, limit, json }, { signal }) => {
      const started = performance.now();
      const { sent, rejected } = await simulate({
        file: file === undefined ? asset(SAMPLE) : String(file),
        rate: usage(() => rateOf(String(rate))),
        limit: limit === undefined ? undefined : usage(() => wholeOf('--limit', String(limit))),
        signal,
        send: (key, value) => customers.send({ key, value }),
        onRejected: (line, reason) => process.stderr.write(`line ${line} is no customer and was not sent: ${reason}\n`),
      });
      const seconds = (performance.now() - started) / 1_000;
      const summary = { topic: customers.name, sent, rejected, seconds: Number(seconds.toFixed(3)) };
      process.stdout.write(
        json === true ? `${JSON.stringify(summary)}\n` : `sent ${sent} customers to ${customers.name} in ${seconds.toFixed(1)} s\n`,
      );
      if (rejected > 0) {
        process.stderr.write(`${rejected} rows were no customers: see above\n`);
        process.exitCode = 1;
      }
    },
    'send the rows of a CSV file as customers',
  );
}
