import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { isStreamerError, messageOf, StreamerError } from '../../errors.ts';
import type { ResolvedRegistry } from './options.ts';

/** The registry refused. `status` is that of HTTP; `errorCode` the registry's own, as 40403. */
export class RegistryRefusal extends StreamerError {
  override name = 'RegistryRefusal';
  readonly status: number;
  readonly errorCode: number | undefined;

  constructor(message: string, status: number, errorCode: number | undefined) {
    super('REFUSED', message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export interface RegistryRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the registry's URL, with slash. */
  readonly path: string;
  readonly body?: unknown;
  /** A field that the answer must have: a proxy may answer in place of the registry. `length` for a list. */
  readonly expected: string;
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Requests to one registry. Errors: `UNAVAILABLE` for a transient error, `RegistryRefusal` for a refusal. */
export class RegistryTransport {
  readonly #registry: ResolvedRegistry;
  #dispatcher: Promise<Dispatcher> | undefined;

  constructor(registry: ResolvedRegistry) {
    this.#registry = registry;
  }

  async send(request: RegistryRequest): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request);
      } catch (error) {
        if (!isStreamerError(error) || !error.retryable || attempt >= this.#registry.retries) throw error;
        await sleep(100 * 2 ** attempt * (0.8 + Math.random() * 0.4));
      }
    }
  }

  async #once({ method, path, body, expected }: RegistryRequest): Promise<unknown> {
    const { url, authorization, timeoutMs } = this.#registry;
    const headers: Record<string, string> = { accept: `${CONTENT_TYPE}, application/json` };
    if (body !== undefined) headers['content-type'] = CONTENT_TYPE;
    if (authorization !== undefined) headers['authorization'] = await this.#credentials(authorization);
    const { request } = await import('undici');
    const dispatcher = await (this.#dispatcher ??= this.#connect());
    let status: number;
    let text: string;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await request(url + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher,
        signal,
      });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (cause) {
      throw this.#unavailable(`cannot be reached: ${reasonOf(cause, timeoutMs)}`, cause);
    }
    return this.#read(status, text, expected);
  }

  async #credentials(authorization: () => string | Promise<string>): Promise<string> {
    try {
      return await authorization();
    } catch (cause) {
      throw this.#unavailable(`cannot be asked: the function of auth.token failed: ${messageOf(cause)}`, cause);
    }
  }

  #read(status: number, text: string, expected: string): unknown {
    const data = parse(text);
    if (status >= 200 && status < 300) {
      if (typeof data === 'object' && data !== null && expected in data) return data;
      const what = data === undefined ? 'no JSON' : `JSON that has no ${expected}`;
      throw this.#unavailable(`answered ${status} with ${what}: is it a schema registry?`);
    }
    const { message, errorCode } = refusalIn(data);
    const said = message ?? text.slice(0, 200);
    if (status === 401 || status === 403) throw this.#unavailable(`refused the credentials (HTTP ${status})`);
    // Without a code it was not the registry that answered, but something before it, or another server.
    if (status >= 500 || status === 429 || errorCode === undefined) throw this.#unavailable(`answered HTTP ${status}: ${said}`);
    throw new RegistryRefusal(`schema registry: ${said} (HTTP ${status}, code ${errorCode})`, status, errorCode);
  }

  #unavailable(what: string, cause?: unknown): StreamerError {
    const next = 'Is it running, and are its URL and credentials right (SCHEMA_REGISTRY_URL)?';
    return new StreamerError('UNAVAILABLE', `schema registry ${this.#registry.url} ${what}`, { retryable: true, next, cause });
  }

  async #connect(): Promise<Dispatcher> {
    const { Agent } = await import('undici');
    const { tls, timeoutMs } = this.#registry;
    // Idle connections are closed soon, so that they do not keep a process running.
    return new Agent({ connect: { ...tls, timeout: timeoutMs } as object, keepAliveTimeout: 1_000, keepAliveMaxTimeout: 5_000 });
  }
}

/** What a registry says when it refuses. */
function refusalIn(data: unknown): { readonly message: string | undefined; readonly errorCode: number | undefined } {
  const { message, error_code: code }: { message?: unknown; error_code?: unknown } = Object(data);
  return { message: typeof message === 'string' ? message : undefined, errorCode: typeof code === 'number' ? code : undefined };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const code = 'code' in cause ? String(cause.code) : cause.name;
  return cause.message === '' ? code : cause.message;
}
