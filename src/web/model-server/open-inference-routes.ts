import type { Hono } from 'hono';
import type { Desk } from './desk.ts';
import { infer, metadata } from './open-inference.ts';
import type { ServedShape } from './options.ts';
import { Problem } from './problem.ts';
import { answer, type Handler, timed } from './respond.ts';

interface OpenInferenceSettings {
  /** The model's name in the paths. */
  readonly name: string;
  readonly shape: (() => ServedShape | undefined) | undefined;
}

/** Adds the paths of the Open Inference Protocol v2. */
export function openInferenceRoutes(server: Hono, desk: Desk, { name, shape }: OpenInferenceSettings): void {
  const ready: Handler = async () => {
    await desk.ready();
    return answer({ name, ready: true });
  };
  const about: Handler = async () => answer(metadata(name, desk.now.version, shape?.() ?? {}));
  const ask: Handler = (context) =>
    desk.read(context, async (request) => {
      const { body, scored } = await infer(desk, request, { gone: context.req.raw.signal, columns: shape?.()?.columns });
      const version = scored.version === undefined ? {} : { model_version: scored.version };
      return answer({ model_name: name, ...version, ...body }, scored.version);
    });
  server.get('/v2', () => answer({ name: 'streamer', version: '2', extensions: [] }));
  server.get('/v2/health/live', () => answer({ live: true }));
  server.get('/v2/health/ready', ready);
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(path, guarded(about));
    server.get(`${path}/ready`, guarded(ready));
    server.post(`${path}/infer`, timed(desk, 'oip', guarded(ask)));
  }

  /** Answers 404 for another model, and for a version that does not answer now. */
  function guarded(handler: Handler): Handler {
    return async (context) => {
      const model = context.req.param('model');
      const version = context.req.param('version');
      if (model !== name) throw new Problem(404, `there is no model ${JSON.stringify(model)}: ${JSON.stringify(name)} is served`);
      if (version !== undefined && version !== desk.now.version)
        throw new Problem(404, `there is no version ${JSON.stringify(version)}: ${JSON.stringify(desk.now.version)} is served`);
      return handler(context);
    };
  }
}
