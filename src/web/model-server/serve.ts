import { once } from 'node:events';
import { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { MAX_TIMER_MS } from '../../options/index.ts';
import { Desk } from './desk.ts';
import type { Limits, ServeOptions } from './options.ts';
import { routes } from './routes.ts';

export interface ModelServer {
  /** As http://127.0.0.1:3000 */
  readonly origin: string;
  /** Address of `POST /predict`. */
  readonly url: string;
  /** Refuses new requests, and resolves when those under way are answered, or `drainMs` are over. */
  close(): Promise<void>;
}

/**
 * Serves a model over HTTP: `/predict` in the form of rows or columns, the Open Inference Protocol v2, `/livez`, `/readyz`, `/metrics`.
 *
 *     const server = await serveModel({ model: xgboost('model.json'), port: 3000 });
 *
 * A bad row is answered 422 with the row and the field, a body or a batch that is too long 413, an overloaded server 429, and one that is not
 * ready or is stopping 503, the last two with `Retry-After`. The version of a model that is swapped (`reloading`) is in the header
 * `streamer-model-version`.
 *
 * @throws ConfigError when an option is wrong, Error with `code` `EADDRINUSE` when the port is taken, and any error of the model's `start`
 */
export async function serveModel<Row, Answer>(options: ServeOptions<Row, Answer>): Promise<ModelServer> {
  const { model, host = '127.0.0.1', port = 3_000, drainMs = 5_000 } = options;
  const settings = erased(options);
  const desk = new Desk(settings);
  await model.start?.();
  const server = serve({ fetch: routes(desk, settings).fetch, port, hostname: host });
  if (!(server instanceof Server)) throw new TypeError('the HTTP server must be one of node:http');
  limitConnections(server, desk.limits);
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${typeof address === 'object' ? (address?.port ?? port) : port}`;
  return {
    origin,
    url: `${origin}/predict`,
    async close() {
      desk.isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.race([desk.idle(), delay(drainMs, undefined, { ref: false })]);
      // Answers that were given just now are still being sent.
      const impatience = setTimeout(() => server.closeAllConnections(), 250);
      server.closeIdleConnections();
      await closed;
      clearTimeout(impatience);
      await model.close?.();
    },
  };
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
/** A client that neither sends nor reads for this time is disconnected, unless a request may take longer. */
const IDLE_MS = 120_000;

function limitConnections(server: Server, { connections: most, timeoutMs }: Limits): void {
  let open = 0;
  server.setTimeout(Math.min(MAX_TIMER_MS, Math.max(IDLE_MS, 2 * timeoutMs)));
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
    if (open > most) socket.end(BUSY);
  });
}

/** Rows come from the network and answers go there: the server itself needs the types of neither. */
function erased<Row, Answer>(options: ServeOptions<Row, Answer>): ServeOptions<unknown, unknown> {
  return options as unknown as ServeOptions<unknown, unknown>;
}
