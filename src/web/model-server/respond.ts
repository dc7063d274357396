import type { Context } from 'hono';
import { messageOf } from '../../errors.ts';
import { findInexact, writeRule } from '../../models/http/inexact.ts';
import { VERSION_HEADER } from '../../models/version-header.ts';
import type { Desk } from './desk.ts';
import { DetailedProblem, Problem } from './problem.ts';

export type Handler = (context: Context) => Promise<Response>;

/**
 * Returns an answer in JSON, with the version of the model that gave it, where it is known.
 *
 * @throws Problem 500 with the place, when the model's answer holds a value without a JSON form, as NaN
 */
export function answer(body: unknown, version?: string | undefined): Response {
  const inexact = findInexact(body, writeRule);
  if (inexact !== undefined)
    throw new Problem(500, `the model's answer cannot be written as JSON: ${inexact.place || 'it'} ${inexact.problem}`);
  return jsonResponse(200, body, version === undefined ? {} : { [VERSION_HEADER]: version });
}

/** Returns the answer to a request that failed: under `/v2` in the form of its protocol, elsewhere in FastAPI's. */
export function failure(context: Context, error: unknown): Response {
  const problem = error instanceof Problem ? error : new Problem(500, messageOf(error));
  const detail = problem instanceof DetailedProblem ? problem.detail : problem.message;
  const body = context.req.path.startsWith('/v2') ? { error: problem.message } : { detail };
  return jsonResponse(problem.status, body, problem.headers);
}

function jsonResponse(status: number, body: unknown, headers: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** Counts the requests of a protocol, and answers the errors of the handler. */
export function timed(desk: Desk, protocol: string, handler: Handler): Handler {
  return async (context) => {
    const startedAt = performance.now();
    let status = 500;
    try {
      const response = await handler(context).catch((error: unknown) => failure(context, error));
      status = response.status;
      return response;
    } finally {
      desk.metrics.request(protocol, status, (performance.now() - startedAt) / 1_000);
    }
  };
}
