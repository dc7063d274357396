// A model behind HTTP.
export type { Faults } from './model-server/faults.ts';
export type { ServedProtocol, ServedShape, ServeLimits, ServeOptions } from './model-server/options.ts';
export { type ModelServer, serveModel } from './model-server/serve.ts';
