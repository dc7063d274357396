import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { readJson } from '../../models/http/json.ts';
import { VERSION_HEADER } from '../../models/version-header.ts';
import { problemsIn } from '../../options/index.ts';
import type { Desk } from './desk.ts';
import { FAULTS, type Faults } from './faults.ts';
import { infer, metadata } from './open-inference.ts';
import { PROTOCOLS, type ServeOptions } from './options.ts';
import { DetailedProblem, predict } from './predict.ts';
import { Problem } from './problem.ts';

type Handler = (context: Context) => Promise<Response>;

/** All that the server answers. */
export function routes(desk: Desk, options: ServeOptions<unknown, unknown>): Hono {
  const { name = 'model', protocols = PROTOCOLS, answer = (value: unknown) => value } = options;
  const server = new Hono();
  const limit = bodyLimit({
    maxSize: desk.limits.bodyBytes,
    onError: (context) => respond(context, new Problem(413, `the body must not exceed ${desk.limits.bodyBytes} bytes`)),
  });
  const [rows, columnar, oip] = PROTOCOLS.map((protocol) => protocols.includes(protocol)) as [boolean, boolean, boolean];
  if (rows || columnar) {
    server.post(
      '/predict',
      limit,
      timed(desk, 'predict', async (context) => {
        const reply = await predict(desk, await bodyOf(context), { rows, columnar, answer, gone: context.req.raw.signal });
        return withVersion(context.json(reply.body as object), reply.version);
      }),
    );
  }
  if (oip) openInference(server, desk, { name, shape: options.shape, limit });
  health(server, desk, name);
  if (options.faults !== undefined) faultSwitch(server, desk);
  server.notFound((context) => respond(context, new Problem(404, `there is nothing at ${context.req.method} ${context.req.path}`)));
  server.onError((error, context) => respond(context, error));
  return server;
}

function openInference(
  server: Hono,
  desk: Desk,
  {
    name,
    shape,
    limit,
  }: { readonly name: string; readonly shape: ServeOptions<unknown, unknown>['shape']; readonly limit: ReturnType<typeof bodyLimit> },
): void {
  const ready: Handler = async (context) => {
    await desk.ready();
    return context.json({ name, ready: true });
  };
  const about: Handler = async (context) => context.json(metadata(name, desk.now.version, shape?.() ?? {}));
  const ask = timed(desk, 'oip', async (context) => {
    const { body, scored } = await infer(desk, await bodyOf(context), { gone: context.req.raw.signal, columns: shape?.()?.columns });
    return withVersion(
      context.json({ model_name: name, ...(scored.version === undefined ? {} : { model_version: scored.version }), ...body }),
      scored.version,
    );
  });
  server.get('/v2', (context) => context.json({ name: 'streamer', version: '2', extensions: [] }));
  server.get('/v2/health/live', (context) => context.json({ live: true }));
  server.get('/v2/health/ready', ready);
  // Another model, or a version that is not the one that is served, has no rows to answer.
  const guarded =
    (handler: Handler): Handler =>
    async (context) => {
      const { model, version } = context.req.param() as { readonly model: string; readonly version?: string };
      if (model !== name) throw new Problem(404, `there is no model ${JSON.stringify(model)}: ${JSON.stringify(name)} is served`);
      if (version !== undefined && version !== desk.now.version)
        throw new Problem(404, `there is no version ${JSON.stringify(version)}: ${JSON.stringify(desk.now.version)} is served`);
      return handler(context);
    };
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(path, guarded(about));
    server.get(`${path}/ready`, guarded(ready));
    server.post(`${path}/infer`, limit, guarded(ask));
  }
}

function health(server: Hono, desk: Desk, name: string): void {
  const ready: Handler = async (context) => {
    await desk.ready();
    return context.json({ status: 'ok' });
  };
  server.get('/livez', (context) => context.json({ status: 'ok' }));
  for (const path of ['/health', '/healthz', '/readyz']) server.get(path, ready);
  server.get('/metrics', async (context) => {
    const isReady = await desk.ready().then(
      () => true,
      () => false,
    );
    context.header('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    return context.body(desk.metrics.text({ ...desk.now, isReady, name }));
  });
}

function faultSwitch(server: Hono, desk: Desk): void {
  server.get('/faults', (context) => context.json(desk.faults));
  server.put('/faults', async (context) => {
    const faults = await bodyOf(context);
    if (typeof faults !== 'object' || faults === null) throw new Problem(422, 'expected an object of faults');
    const problems = problemsIn(faults, FAULTS);
    if (problems.length > 0) throw new Problem(422, problems.join('; '));
    desk.faults = faults as Faults;
    return context.json(desk.faults);
  });
}

async function bodyOf(context: Context): Promise<unknown> {
  const text = await context.req.text();
  try {
    return readJson(text);
  } catch {
    throw new DetailedProblem(new Problem(422, 'not JSON'), [{ type: 'json_invalid', loc: ['body'], msg: 'not JSON' }]);
  }
}

function timed(desk: Desk, protocol: string, handler: Handler): Handler {
  return async (context) => {
    const startedAt = performance.now();
    let status = 500;
    try {
      const response = await handler(context).catch((error: unknown) => respond(context, error));
      status = response.status;
      return response;
    } finally {
      desk.metrics.request(protocol, status, (performance.now() - startedAt) / 1_000);
    }
  };
}

function withVersion(response: Response, version: string | undefined): Response {
  if (version !== undefined) response.headers.set(VERSION_HEADER, version);
  return response;
}

/** Errors of `/v2` as its protocol has them, all others as FastAPI's. */
function respond(context: Context, error: unknown): Response {
  const problem = error instanceof Problem ? error : new Problem(500, (error as Error).message);
  const isOip = context.req.path.startsWith('/v2');
  const detail = problem instanceof DetailedProblem ? problem.detail : problem.message;
  const response = context.json(isOip ? { error: problem.message } : { detail }, problem.status as ContentfulStatusCode);
  for (const [name, value] of Object.entries(problem.headers)) response.headers.set(name, value);
  return response;
}
