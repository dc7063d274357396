import type { StandardSchemaV1 } from '@standard-schema/spec';
import { StreamerError } from '../errors.ts';
import { HttpEndpoint, type HttpOptions } from './http-endpoint.ts';
import type { Model, PredictOptions } from './model.ts';
import { ModelError } from './model-error.ts';

export interface HttpRowsOptions<Answer> extends HttpOptions {
  /**
   * Checks every single answer and gives it its type: any Standard Schema (zod, valibot, arktype). Without one, an answer may
   * be anything but null, which is what several servers make of a prediction that is not a number.
   */
  readonly schema?: StandardSchemaV1<unknown, Answer> | undefined;
  /** One row per call: an object goes out and an object comes back. @default false: a list goes out and a list comes back */
  readonly single?: boolean | undefined;
}

/**
 * A model behind `POST url` with rows as JSON objects.
 *
 * - list form (default): body `[row, row, ...]`, answer `[answer, answer, ...]`, as many and in the same order.
 * - `single: true`: body `row`, answer `answer`, one row per call: what a plain FastAPI `POST /predict` takes.
 *
 * Nothing is asked, and no connection opened, before the first `predict`. Time-outs, refused connections, 429 and 503 reject
 * with `UNAVAILABLE`, 4xx and 500 with `REFUSED` and the server's words, an unfitting answer with `ANSWER`; see `Model`.
 */
export function rows<Row = unknown, Answer = Record<string, unknown>>(
  url: string | URL,
  options: HttpRowsOptions<Answer> = {},
): Model<Row, Answer> {
  const { schema, single = false, ...rest } = options;
  const endpoint = new HttpEndpoint(url, rest);

  async function predict(input: readonly Row[], call?: PredictOptions): Promise<Answer[]> {
    if (input.length === 0) return [];
    if (single && input.length > 1) throw new StreamerError('USAGE', `${endpoint.url} takes one row per call, got ${input.length}`);
    const text = await endpoint.post(written(single ? input[0] : input), call);
    const body = parsed(text, endpoint.url);
    const answers = single ? [body] : list(body, input.length, endpoint.url);
    return Promise.all(answers.map((answer, at) => checked(answer, at, schema, endpoint.url)));
  }

  return {
    name: endpoint.url,
    maxRows: single ? 1 : undefined,
    predict,
    start: () => endpoint.start(),
    health: (call) => endpoint.health(call),
    close: () => endpoint.close(),
  };
}

function written(body: unknown): string {
  try {
    const text = JSON.stringify(body);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new ModelError('REFUSED', `a row cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  throw new ModelError(
    'REFUSED',
    'a row has no JSON form: `features` must return an object, a list, a string, a number, a boolean or null',
  );
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const words = text === '' ? 'nothing' : `something that is not JSON (${JSON.stringify(text.slice(0, 80))})`;
    throw new ModelError('ANSWER', `the model at ${url} answered ${words}`, { cause });
  }
}

function list(body: unknown, asked: number, url: string): unknown[] {
  if (!Array.isArray(body)) {
    const next = asked === 1 ? 'If the server takes one row per call, say `single: true`.' : undefined;
    throw new ModelError('ANSWER', `the model at ${url} must answer a list of ${asked}, got ${JSON.stringify(body).slice(0, 120)}`, {
      next,
    });
  }
  if (body.length !== asked) throw new ModelError('ANSWER', `the model at ${url} was asked ${asked} rows and answered ${body.length}`);
  return body;
}

async function checked<Answer>(
  answer: unknown,
  at: number,
  schema: StandardSchemaV1<unknown, Answer> | undefined,
  url: string,
): Promise<Answer> {
  if (schema === undefined) {
    if (answer === null) throw new ModelError('ANSWER', `the model at ${url} answered null for row ${at}`);
    return answer as Answer;
  }
  const result = await schema['~standard'].validate(answer);
  if (result.issues === undefined) return result.value;
  const shown = result.issues.slice(0, 3).map((issue) => `${pathOf(issue)}${issue.message}`);
  throw new ModelError(
    'ANSWER',
    `the model at ${url} answered row ${at} with ${JSON.stringify(answer)?.slice(0, 120)}: ${shown.join('; ')}`,
  );
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path && `${path}: `;
}
