import { Command } from 'commander';
import { wholeOf } from '../numbers.ts';
import { serveBank } from './server.ts';

/** The model server alone, as a process that loads nothing else; `streamer run -A customer-prediction model` is the same by name. */
const command = new Command('model')
  .description('Serves the bank model: POST /predict, GET /health.')
  .option('--port <n>', 'port to listen on; 0 takes a free one', '3000')
  .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
  .option('--seed', 'the model and the answers of the project that this example goes back to')
  .action(async ({ port, host, seed = false }: { port: string; host: string; seed?: boolean }) => {
    const server = await serveBank({ port: wholeOf('--port', port), host, seed });
    process.stdout.write(`model server listening on ${server.url}\n`);
    const close = () => void server.close();
    process.once('SIGINT', close);
    process.once('SIGTERM', close);
  });

await command.parseAsync().catch((error: Error) => command.error(error.message));
