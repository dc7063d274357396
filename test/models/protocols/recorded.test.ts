import { describe, expect, it } from 'vitest';
import { type Datatype, http, type Model, type ModelError, RowErrors } from '../../../src/models/index.ts';
import { isUnavailable } from '../../../src/outage.ts';
import { type Exchange, exchangesFolder, exchangesOf, type Replay, replay } from '../support/exchange.ts';

type AnyModel = Model<never, unknown>;

/** The model that makes such a request, and the rows to give it. */
interface Ours {
  readonly model: (origin: string) => AnyModel;
  readonly rows: readonly unknown[];
}

const named = (columns: Record<string, unknown[]>) =>
  (Object.values(columns)[0] ?? []).map((_, at) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[at]])));
const isColumns = (value: unknown): value is Record<string, unknown[]> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(Array.isArray);
const isRagged = (value: unknown) => isColumns(value) && new Set(Object.values(value).map((column) => column.length)).size > 1;
const rowsIn = (value: unknown) => (isColumns(value) ? named(value) : (value as unknown[]));

/** What we would have sent, found from the recorded body; `undefined` for requests that we never make. */
const ours: Record<string, (path: string, body: Record<string, unknown>) => Ours | undefined> = {
  fastapi(path, body) {
    if (path === '/predict' && !Array.isArray(body))
      return { model: (origin) => http.rows(`${origin}${path}`, { single: true }), rows: [body] };
    return Array.isArray(body) && path !== '/predict' ? { model: (origin) => http.rows(`${origin}${path}`), rows: body } : undefined;
  },
  bentoml(path, body) {
    const [[parameter, value] = ['', undefined], ...others] = Object.entries(body);
    if (path === '/predict')
      return isRagged(body) ? undefined : { model: (origin) => http.columns(`${origin}${path}`), rows: named(body as never) };
    if (others.length > 0 || !(Array.isArray(value) || isColumns(value)) || (value as unknown[])[0] === -0.35221887) return undefined;
    const form = Array.isArray(value) ? 'rows' : 'columns';
    return { model: (origin) => http.bentoml(origin, { route: path, parameter, form }), rows: rowsIn(value) };
  },
  mlflow(_path, body) {
    const { params, ...inputs } = body as { params?: Record<string, unknown> };
    const [[input, value] = ['', undefined], ...others] = Object.entries(inputs);
    if (others.length > 0 || Array.isArray(body) || !/^(dataframe_\w+|instances|inputs)$/.test(input)) return undefined;
    if (input !== 'dataframe_split')
      return { model: (origin) => http.mlflow(origin, { input: input as 'inputs', params }), rows: rowsIn(value) };
    const { columns, data, index } = value as unknown as { columns: string[]; data: unknown[]; index?: unknown };
    return index === undefined ? { model: (origin) => http.mlflow(origin, { columns, params }), rows: data } : undefined;
  },
  mlserver(path, body) {
    const [, model = '', version] = /^\/v2\/models\/(\w+)(?:\/versions\/(\w+))?\/infer$/.exec(path) ?? [];
    const { id, inputs, outputs, ...rest } = body as {
      id?: string;
      inputs?: Tensor[];
      outputs?: Array<{ name: string }>;
      parameters?: Record<string, unknown>;
    };
    if (inputs?.[0] === undefined || id === 'a' || inputs.some(({ datatype }) => datatype === 'FLOAT')) return undefined;
    const options = { model, version, parameters: rest.parameters, output: outputs?.[0]?.name };
    if (
      inputs.some(
        ({ shape, data }) => shape[0] !== (shape[1] === 1 || Array.isArray(data[0]) ? data.length : data.length / (shape[1] as number)),
      )
    )
      return undefined;
    if (inputs.length > 1) {
      const columns = Object.fromEntries(inputs.map(({ name, datatype }) => [name, datatype as Datatype]));
      return {
        model: (origin) => http.openInference(origin, { ...options, columns }),
        rows: named(Object.fromEntries(inputs.map(({ name, data }) => [name, data]))),
      };
    }
    const [{ name, datatype, shape, data }] = inputs as [Tensor];
    const flat = data.flat();
    const rows = Array.from({ length: shape[0] as number }, (_, at) =>
      flat.slice(at * (shape[1] as number), (at + 1) * (shape[1] as number)),
    );
    return { model: (origin) => http.openInference(origin, { ...options, tensor: { name, datatype: datatype as Datatype } }), rows };
  },
};

interface Tensor {
  readonly name: string;
  readonly shape: number[];
  readonly datatype: Datatype | 'FLOAT';
  readonly data: unknown[];
}

/** Any model of this server, to read what it says to requests that we never make. */
const anyModel: Record<string, (origin: string) => AnyModel> = {
  fastapi: (origin) => http.rows(`${origin}/predict`, { single: true }),
  bentoml: (origin) => http.bentoml(origin, { parameter: 'features' }),
  mlflow: (origin) => http.mlflow(origin, { input: 'instances' }),
  mlserver: (origin) => http.openInference(origin, { model: 'car', tensor: { name: 'x', datatype: 'FP32' } }),
};

/** Flat data instead of nested, and no id: two ways to say the same, of which we use one. */
function plain(body: Record<string, unknown>): unknown {
  if (!Array.isArray(body.inputs)) return body;
  const { id: _id, inputs, ...rest } = body;
  return { ...rest, inputs: (inputs as unknown[]).map((input) => (isTensor(input) ? { ...input, data: input.data.flat() } : input)) };
}

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'datatype' in value;

const jsonOf = (text: string | undefined): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(text ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

/** The numbers that a 2xx answer holds, read in another way than the decoders do; what is no number is NaN. */
function numbersIn(text: string): number[] {
  const data = /(?:"data":|"predictions": ?|^)(\[.*\])/s.exec(text)?.[1] ?? text;
  return data
    .replace(/"[^"]*":?/g, '')
    .replace(/null/g, 'NaN')
    .split(/[[\]{},\s]+/)
    .filter((one) => one !== '')
    .map((one) => (Number.isFinite(Number(one)) ? Number(one) : Number.NaN));
}

const numbersOf = (answers: readonly unknown[]) =>
  answers
    .flatMap((one) => (typeof one === 'number' ? [one] : Object.values(one as object).flat()))
    .filter((one): one is number => typeof one === 'number');

async function withReplay<T>(exchange: Exchange, use: (server: Replay) => Promise<T>): Promise<T> {
  const server = await replay(exchange);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

async function outcome(model: AnyModel, rows: readonly unknown[]): Promise<{ answers: unknown[] } | { error: ModelError }> {
  try {
    return { answers: await model.predict(rows as never[]) };
  } catch (error) {
    return { error: error as ModelError };
  } finally {
    await model.close?.();
  }
}

/** What every status that is not 2xx must become, by its number alone. */
function expectRefusal(error: ModelError, { response }: Exchange): void {
  const { status } = response;
  expect(error.status).toBe(status);
  const isWait = status < 400 || [401, 403, 404, 405, 408, 429, 502, 503, 504].includes(status);
  expect(error.code).toBe(isWait ? 'UNAVAILABLE' : 'REFUSED');
  expect(isUnavailable(error)).toBe(isWait);
  if (!isWait) expect(error.retryable).toBe(status >= 500);
  const body = jsonOf(response.body?.text);
  const { detail, error: said, message } = body ?? {};
  const words = Array.isArray(detail) ? (detail[0] as { msg: string }).msg : String(detail ?? said ?? message ?? response.body?.text ?? '');
  expect(error.message).toContain(words.replace(/\s+/g, ' ').slice(0, 60));
  expect(error.message).not.toMatch(/stack_trace|Traceback \(most/);
  expect(error.message.length).toBeLessThan(800);
}

describe.skipIf(exchangesFolder === undefined)(
  'recorded exchanges (skipped without MODELS_DIR, the folder of models and recorded answers)',
  () => {
    describe.each(Object.keys(ours))('%s', (server) => {
      const exchanges = exchangesOf(server);
      const posts = exchanges.filter(({ request, name }) => request.method === 'POST' && name !== 'repository-index');
      const whole = posts.filter(({ response }) => response.body?.text !== undefined || response.body === null);
      const found = (exchange: Exchange) => {
        const body = jsonOf(exchange.request.body?.text);
        return body === undefined ? undefined : ours[server]?.(exchange.request.path, body);
      };
      const made = whole.filter((exchange) => (found(exchange)?.rows.length ?? 0) > 0);
      const isPlain = ({ request }: Exchange) =>
        !request.headers.some(([name, value]) => /^content-type$/i.test(name) && !value.startsWith('application/json'));

      it('has requests that are ours, and others', () => {
        expect(made.length).toBeGreaterThanOrEqual(10);
        expect(whole.length).toBeGreaterThan(made.length);
      });

      it.each(made.filter(isPlain).map((exchange) => [exchange.name, exchange] as const))(
        '%s: the request is the recorded one, and the answer is read',
        (_name, exchange) =>
          withReplay(exchange, async (server) => {
            const { model, rows } = found(exchange) as Ours;
            const result = await outcome(model(server.origin), rows);
            expect(server.asked).toHaveLength(1);
            expect(server.asked[0]).toMatchObject({ method: 'POST', path: exchange.request.path, contentType: 'application/json' });
            const recorded = jsonOf(exchange.request.body?.text) as Record<string, unknown>;
            expect(plain(jsonOf(server.asked[0]?.body) as Record<string, unknown>)).toEqual(plain(recorded));
            if (exchange.response.status !== 200) {
              expectRefusal((result as { error: ModelError }).error, exchange);
              return;
            }
            if (exchange.name === 'outputs-unknown') {
              expect(result).toMatchObject({
                error: { code: 'ANSWER', message: expect.stringMatching(/no output "nope", but "predict"/) },
              });
              return;
            }
            const numbers = numbersIn(exchange.response.body?.text ?? '');
            expect(numbers.length).toBeGreaterThan(0);
            if (numbers.every(Number.isFinite)) {
              expect(result).toEqual({ answers: expect.any(Array) });
              expect((result as { answers: unknown[] }).answers).toHaveLength(rows.length);
              expect(numbersOf((result as { answers: unknown[] }).answers)).toEqual(numbers);
              return;
            }
            const { error } = result as { error: RowErrors };
            expect(error).toBeInstanceOf(RowErrors);
            expect(error.outcomes.map((one) => ('error' in one ? Number.NaN : one.answer))).toEqual(numbers);
          }),
      );

      const strange = whole.filter((exchange) => !made.includes(exchange) || !isPlain(exchange));
      it.each(strange.map((exchange) => [exchange.name, exchange] as const))(
        '%s: a request that we never make; the answer is read',
        (_name, exchange) =>
          withReplay(exchange, async ({ origin }) => {
            const text = exchange.response.body?.text ?? '';
            const count = exchange.response.status === 200 ? Math.max(1, numbersIn(text).length) : 1;
            const model = anyModel[server]?.(origin) as AnyModel;
            const result = await outcome(
              model,
              Array.from({ length: Math.min(count, model.maxRows ?? count) }, () => [1]),
            );
            if (exchange.response.status !== 200) expectRefusal((result as { error: ModelError }).error, exchange);
            else if ('error' in result)
              expect(result.error).toMatchObject({ code: 'ANSWER', message: expect.stringMatching(/answered (0|NaN|null)|list of/) });
            else expect(numbersOf(result.answers)).toEqual(numbersIn(text).filter(Number.isFinite));
          }),
      );

      it('says that it is ready as it did', async () => {
        const path = { fastapi: '/', bentoml: '/readyz', mlflow: '/ping', mlserver: '/v2/models/car/ready' }[server];
        const exchange = exchanges.find(({ request }) => request.method === 'GET' && request.path === path) as Exchange;
        await withReplay(exchange, async ({ origin, asked }) => {
          const model = server === 'fastapi' ? http.rows(`${origin}/predict`, { healthPath: '/' }) : anyModel[server]?.(origin);
          await model?.health?.();
          expect(asked.map((one) => one.path)).toEqual([path]);
          await model?.close?.();
        });
      });

      it.runIf(server === 'fastapi' || server === 'bentoml')('names the bad row of three', () => {
        const exchange = exchanges.find(({ name }) => name === 'err-one-bad-of-three') as Exchange;
        return withReplay(exchange, async ({ origin }) => {
          const { model, rows } = found(exchange) as Ours;
          expect(await outcome(model(origin), rows)).toMatchObject({ error: { code: 'REFUSED', rows: [1] } });
        });
      });
    });
  },
);
