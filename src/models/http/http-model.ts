import type { StandardSchemaV1 } from '@standard-schema/spec';
import { messageOf, StreamerError } from '../../errors.ts';
import type { Model, PredictOptions } from '../model.ts';
import { answersOf, isFailed, ModelError, type RowOutcome } from '../model-error.ts';
import { VERSION_HEADER } from '../version-header.ts';
import { HttpEndpoint } from './endpoint.ts';
import { readJson } from './json.ts';
import { Misfit } from './misfit.ts';
import type { HttpOptions } from './options.ts';
import type { HttpAnswer, Protocol } from './protocol.ts';
import { checkRow } from './row-check.ts';
import { errorOfStatus } from './status.ts';

export interface HttpModelOptions<Answer> extends HttpOptions {
  /**
   * Checks every answer and gives it its type: any Standard Schema (zod, valibot, arktype). Without one, an answer may be anything but
   * null, which several servers write for a prediction that is not a number.
   */
  readonly schema?: StandardSchemaV1<unknown, Answer> | undefined;
}

/**
 * Returns a model behind HTTP that speaks the protocol. No connection is opened before the first call.
 *
 * Time-outs, refused connections, 429 and 503 reject with `UNAVAILABLE`, 4xx and 500 with `REFUSED` and the server's message, an
 * answer that does not fit with `ANSWER`, single rows without a valid answer with `RowErrors`; see `Model`.
 */
export function httpModel<Row, Answer>(protocol: Protocol<Row>, url: string | URL, options: HttpModelOptions<Answer>): Model<Row, Answer> {
  const { schema, ...rest } = options;
  const endpoint = new HttpEndpoint(url, rest);
  const healthPath = options.healthPath ?? (protocol.health === undefined ? undefined : endpoint.path(protocol.health));

  async function predict(rows: readonly Row[], call?: PredictOptions): Promise<Answer[]> {
    if (rows.length === 0) return [];
    const { maxRows = rows.length } = protocol;
    if (rows.length > maxRows) {
      const most = maxRows === 1 ? 'one row' : `${maxRows} rows`;
      throw new StreamerError('USAGE', `${endpoint.url} takes ${most} per call, got ${rows.length}`);
    }
    const answer = await endpoint.post(protocol.encode(rows), call);
    if (answer.status < 200 || answer.status > 299) throw errorOfStatus(endpoint.url, answer, protocol.namesRows);
    const version = answer.headers[VERSION_HEADER];
    if (version !== undefined) call?.onVersion?.(String(version));
    const found = decoded(protocol, answer, rows.length, endpoint.url);
    return answersOf(await checked(found, schema, endpoint.url));
  }

  async function health(path: string, call?: PredictOptions): Promise<void> {
    const answer = await endpoint.get(path, call);
    if (answer.status < 200 || answer.status > 299) throw errorOfStatus(endpoint.url, answer);
  }

  return {
    name: endpoint.url,
    maxRows: protocol.maxRows,
    timeoutMs: rest.timeoutMs,
    predict,
    start: () => endpoint.start(),
    ...(healthPath === undefined ? {} : { health: (call?: PredictOptions) => health(healthPath, call) }),
    close: () => endpoint.close(),
  };
}

function bodyOf({ text }: HttpAnswer, url: string): unknown {
  try {
    return readJson(text);
  } catch (cause) {
    const words = text === '' ? 'nothing' : `something that is not JSON (${JSON.stringify(text.slice(0, 80))})`;
    throw new ModelError('ANSWER', `the model at ${url} answered ${words}`, { cause });
  }
}

function decoded<Row>(protocol: Protocol<Row>, answer: HttpAnswer, count: number, url: string): Array<RowOutcome<unknown>> {
  const body = bodyOf(answer, url);
  try {
    const found = protocol.decode(body, count, answer);
    if (found.length !== count) throw new Misfit(`was asked ${count} rows and answered ${found.length}`);
    return found;
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    if (cause instanceof Misfit) throw new ModelError('ANSWER', `the model at ${url} ${cause.message}`, { next: cause.next });
    throw new ModelError('ANSWER', `the answer of the model at ${url} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function checked<Answer>(
  found: ReadonlyArray<RowOutcome<unknown>>,
  schema: StandardSchemaV1<unknown, Answer> | undefined,
  url: string,
): ReadonlyArray<RowOutcome<Answer>> | Promise<ReadonlyArray<RowOutcome<Answer>>> {
  const ready: RowOutcome<Answer>[] = [];
  const outcomes = found.map((outcome, at) => (isFailed(outcome) ? outcome : checkRow(outcome.answer, at, schema, url)));
  for (const outcome of outcomes) if (!(outcome instanceof Promise)) ready.push(outcome);
  return ready.length === outcomes.length ? ready : Promise.all(outcomes);
}
