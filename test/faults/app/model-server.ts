import { createServer } from 'node:http';
import type { App } from 'streamerjs';

/** A model in a process of its own, so that it can be killed: answers every row with its id. */
export function modelServer(app: App): void {
  app.command(
    'model',
    (command) => command.requiredOption('--port <n>', 'port to listen on'),
    async ({ port }, { signal }) => {
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const rows = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Array<{ id: string }>;
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows.map(({ id }) => ({ id }))));
      });
      await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
      console.log(JSON.stringify({ event: 'listening' }));
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      server.close();
      server.closeAllConnections();
    },
  );
}
