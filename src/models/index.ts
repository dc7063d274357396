import { rows } from './http-rows.ts';

/** Models behind HTTP, one function per form of request. */
export const http = { rows } as const;

export type { HttpOptions } from './http-endpoint.ts';
export type { HttpRowsOptions } from './http-rows.ts';
// The contract.
export type { Model, PredictOptions } from './model.ts';
// Errors.
export { ModelError } from './model-error.ts';
