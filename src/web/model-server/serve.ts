import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Desk } from './desk.ts';
import type { ServeOptions } from './options.ts';
import { routes } from './routes.ts';

export interface ModelServer {
  /** As http://127.0.0.1:3000 */
  readonly origin: string;
  /** Of `POST /predict`. */
  readonly url: string;
  /** Takes no request any more, and resolves when those under way are answered, or `drainMs` are over. */
  close(): Promise<void>;
}

/**
 * Serves a model over HTTP: `/predict` in the form of rows or columns, the Open Inference Protocol v2, `/livez`, `/readyz`, `/metrics`.
 *
 *     const server = await serveModel({ model: xgboost('model.json'), port: 3000 });
 *
 * A bad row is answered 422 naming the row and the field, a body or a batch that is too long 413, a server with too much to do 429, and one that
 * is not ready or is stopping 503, both with `Retry-After`. The version of a model that is swapped (`reloading`) is in the header `streamer-model-version`.
 *
 * @throws ConfigError when an option is wrong, Error with `code` `EADDRINUSE` when the port is taken, and what the model's `start` throws
 */
export async function serveModel<Row, Answer>(options: ServeOptions<Row, Answer>): Promise<ModelServer> {
  const { model, host = '127.0.0.1', port = 3_000, drainMs = 5_000 } = options;
  const erased = options as unknown as ServeOptions<unknown, unknown>;
  const desk = new Desk(erased);
  await model.start?.();
  const server = serve({ fetch: routes(desk, erased).fetch, port, hostname: host }) as Server;
  await once(server, 'listening');
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/predict`,
    async close() {
      desk.isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.race([desk.idle(), delay(drainMs, undefined, { ref: false })]);
      // What was answered just now is still on its way.
      const impatience = setTimeout(() => server.closeAllConnections(), 250);
      server.closeIdleConnections();
      await closed;
      clearTimeout(impatience);
      await model.close?.();
    },
  };
}
