import { Hono } from 'hono';
import { problemsIn } from '../../options/index.ts';
import type { Desk } from './desk.ts';
import { FAULTS, faultsOf } from './faults.ts';
import { openInferenceRoutes } from './open-inference-routes.ts';
import { PROTOCOLS, type ServedProtocol, type ServeOptions } from './options.ts';
import { predict } from './predict.ts';
import { Problem } from './problem.ts';
import { answer, failure, type Handler, timed } from './respond.ts';

/** Returns everything that the server answers. */
export function routes(desk: Desk, options: ServeOptions<unknown, unknown>): Hono {
  const { name = 'model', protocols = PROTOCOLS, answer: answerOf = (value: unknown) => value } = options;
  const server = new Hono();
  const serves = (protocol: ServedProtocol) => protocols.includes(protocol);
  const forms = { rows: serves('rows'), columnar: serves('columnar') };
  if (forms.rows || forms.columnar) {
    const ask: Handler = (context) =>
      desk.read(context, async (body) => {
        const reply = await predict(desk, body, { ...forms, answer: answerOf, gone: context.req.raw.signal });
        return answer(reply.body, reply.version);
      });
    server.post('/predict', timed(desk, 'predict', ask));
  }
  if (serves('oip')) openInferenceRoutes(server, desk, { name, shape: options.shape });
  healthRoutes(server, desk, name);
  if (options.faults !== undefined) faultRoutes(server, desk);
  server.notFound((context) => failure(context, new Problem(404, `there is nothing at ${context.req.method} ${context.req.path}`)));
  server.onError((error, context) => failure(context, error));
  return server;
}

function healthRoutes(server: Hono, desk: Desk, name: string): void {
  const ready: Handler = async () => {
    await desk.ready();
    return answer({ status: 'ok' });
  };
  server.get('/livez', () => answer({ status: 'ok' }));
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

function faultRoutes(server: Hono, desk: Desk): void {
  server.get('/faults', () => answer(desk.faults));
  const change = async (faults: unknown): Promise<Response> => {
    if (typeof faults !== 'object' || faults === null) throw new Problem(422, 'expected an object of faults');
    const problems = problemsIn(faults, FAULTS);
    if (problems.length > 0) throw new Problem(422, problems.join('; '));
    desk.faults = faultsOf(faults);
    return answer(desk.faults);
  };
  server.put('/faults', (context) => desk.read(context, change));
}
