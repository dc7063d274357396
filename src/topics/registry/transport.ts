import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { StreamerError } from '../../errors.ts';
import type { ResolvedRegistry } from './options.ts';

/** The registry answered no. `status` is that of HTTP; `errorCode` the registry's own, as 40403. */
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
  /** What the answer has to have: something before the registry may answer in its place. `length` for a list. */
  readonly expected: string;
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Requests to one registry. Errors: `UNAVAILABLE` for whatever may pass, `RegistryRefusal` for an answer of no. */
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
        if (!(error as StreamerError).retryable || attempt >= this.#registry.retries) throw error;
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
      throw this.#unavailable(`cannot be asked: the function of auth.token failed: ${(cause as Error).message}`, cause);
    }
  }

  #read(status: number, text: string, expected: string): unknown {
    const data = parse(text);
    if (status >= 200 && status < 300) {
      if (typeof data === 'object' && data !== null && expected in data) return data;
      const what = data === undefined ? 'no JSON' : `JSON that has no ${expected}`;
      throw this.#unavailable(`answered ${status} with ${what}: is it a schema registry?`);
    }
    const { message, error_code: errorCode } = (data ?? {}) as { readonly message?: string; readonly error_code?: number };
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
    // Connections that nobody uses are closed soon, so that they do not keep a process up.
    return new Agent({ connect: { ...tls, timeout: timeoutMs } as object, keepAliveTimeout: 1_000, keepAliveMaxTimeout: 5_000 });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  const { name, message, code } = cause as { name?: string; message?: string; code?: string };
  if (name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return message || code || String(cause);
}
