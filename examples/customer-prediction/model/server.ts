import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Customer } from '../customer.ts';
import { answerOf, type LogisticModel } from './logistic.ts';

const MAX_BODY = 4 * 1024 * 1024;

/** What was wrong with a request, in the form that FastAPI gives it: `loc` is `['body', 'age']`, or `['body', 3, 'age']` in a list. */
export interface Detail {
  readonly type: string;
  readonly loc: ReadonlyArray<string | number>;
  readonly msg: string;
}

/**
 * `POST /predict` takes one row and answers `{"prediction":["No"],"probability":0.61,"probabilityYes":0.39}`, or a list of
 * rows and answers a list. `GET /health` answers 200 when the model is loaded. A bad row: 422 and `{"detail":[Detail]}`.
 */
function modelServer(model: LogisticModel): Hono {
  const server = new Hono();
  server.get('/health', (context) => context.json({ status: 'ok' }));
  server.post('/predict', bodyLimit({ maxSize: MAX_BODY, onError: (context) => context.json(tooLong(), 413) }), async (context) => {
    const body = await context.req.json<unknown>().catch(() => undefined);
    if (body === undefined) return context.json({ detail: [{ type: 'json_invalid', loc: ['body'], msg: 'not JSON' }] }, 422);
    const rows = Array.isArray(body) ? body : [body];
    const checked = rows.map((row) => Customer.safeParse(row));
    const detail = checked.flatMap((result, index) =>
      result.success ? [] : result.error.issues.map((issue) => detailOf(issue, Array.isArray(body) ? [index] : [])),
    );
    if (detail.length > 0) return context.json({ detail }, 422);
    const answers = checked.map((result) => answerOf(model, result.data as Customer));
    return context.json(Array.isArray(body) ? answers : answers[0]);
  });
  return server;
}

function detailOf(issue: { code: string; path: ReadonlyArray<PropertyKey>; message: string }, index: readonly number[]): Detail {
  return { type: issue.code, loc: ['body', ...index, ...issue.path.map(String)], msg: issue.message };
}

function tooLong(): { detail: Detail[] } {
  return { detail: [{ type: 'too_long', loc: ['body'], msg: `the body must not exceed ${MAX_BODY} bytes` }] };
}

export interface RunningServer {
  /** Of `POST /predict`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a model on 127.0.0.1, or on the host given; port 0 takes a free one.
 *
 * @throws Error with `code` `EADDRINUSE` when the port is taken
 */
export async function serveModel(
  model: LogisticModel,
  { port, host = '127.0.0.1' }: { port: number; host?: string },
): Promise<RunningServer> {
  const server = serve({ fetch: modelServer(model).fetch, port, hostname: host }) as Server;
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${taken}/predict`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}
