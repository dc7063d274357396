import type { Pool } from 'undici';
import { ConfigError } from '../errors.ts';
import { deadline } from './deadline.ts';
import { errorOfStatus, type HttpAnswer } from './http-status.ts';
import type { PredictOptions } from './model.ts';
import { ModelError } from './model-error.ts';

export interface HttpOptions {
  /** Sent with every call, as `{ authorization: 'Bearer ...' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Most sockets to the server. More calls than that wait their turn, and their time-out runs. @default 32 */
  readonly connections?: number | undefined;
  /** Longest time for one call when the caller names none. @default 2_000 */
  readonly timeoutMs?: number | undefined;
  /** A longer answer is refused (`ANSWER`). @default 16 MiB */
  readonly maxAnswerBytes?: number | undefined;
  /** Path asked by `health()`, on the same server. @default '/health' */
  readonly healthPath?: string | undefined;
}

type Settings = { readonly [Name in keyof HttpOptions]-?: NonNullable<HttpOptions[Name]> };

/** A kept-alive socket that the server closes just as we write fails at once; the call itself is fit to be repeated. */
const RESET = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** One address of a model server: calls over a pool of kept-alive connections, opened at the first call. */
export class HttpEndpoint {
  readonly url: string;
  readonly #address: URL;
  readonly #options: Settings;
  #pool: Promise<Pool> | undefined;

  constructor(url: string | URL, options: HttpOptions = {}) {
    const { headers = {}, connections = 32, timeoutMs = 2_000, maxAnswerBytes = 16 * 1024 * 1024, healthPath = '/health' } = options;
    this.#options = { headers, connections, timeoutMs, maxAnswerBytes, healthPath };
    this.#address = addressOf(url, this.#options);
    this.url = `${this.#address.origin}${this.#address.pathname}`;
  }

  /** Loads what the first call needs; opens no connection. */
  async start(): Promise<void> {
    this.#pool ??= this.#open();
    await this.#pool;
  }

  /** Posts JSON and resolves to the answer's text. Rejects with a `ModelError`, or with the signal's reason. */
  async post(body: string, options: PredictOptions = {}): Promise<string> {
    return (await this.#call('POST', `${this.#address.pathname}${this.#address.search}`, body, options)).text;
  }

  async health(options: PredictOptions = {}): Promise<void> {
    await this.#call('GET', this.#options.healthPath, null, options);
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await (await pool)?.close();
  }

  async #call(method: 'GET' | 'POST', path: string, body: string | null, options: PredictOptions): Promise<HttpAnswer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const limit = deadline(
      options.signal,
      timeoutMs,
      () => new ModelError('UNAVAILABLE', `the model at ${this.url} did not answer within ${timeoutMs} ms`),
    );
    try {
      const answer = await this.#request(method, path, body, limit.signal);
      if (answer.status < 200 || answer.status > 299) throw errorOfStatus(this.url, answer);
      return answer;
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason;
      throw this.#explain(error);
    } finally {
      limit.end();
    }
  }

  async #request(method: 'GET' | 'POST', path: string, body: string | null, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#once(method, path, body, signal);
    } catch (error) {
      if (signal.aborted || !RESET.has(codeOf(error))) throw error;
      return this.#once(method, path, body, signal);
    }
  }

  async #once(method: 'GET' | 'POST', path: string, body: string | null, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { accept: 'application/json', 'content-type': 'application/json', ...this.#options.headers };
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const answer = await pool.request({ method, path, body, headers, signal });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  /**
   * Headers and body have no time-out of their own: the call as a whole has one, and it is shorter.
   * undici is loaded here, as it takes longer to load than all of streamer, and most programs only import its name.
   */
  async #open(): Promise<Pool> {
    const { connections, maxAnswerBytes } = this.#options;
    const { Pool } = await import('undici');
    return new Pool(this.#address.origin, {
      connections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxAnswerBytes,
    });
  }

  #explain(error: unknown): unknown {
    if (error instanceof ModelError) return error;
    const code = codeOf(error);
    if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
      const next = 'Ask fewer rows at once (`batch.size`) or raise `maxAnswerBytes`.';
      return new ModelError('ANSWER', `the model at ${this.url} answered more than ${this.#options.maxAnswerBytes} bytes`, {
        cause: error,
        next,
      });
    }
    const why = error instanceof Error && error.message !== '' ? error.message : code;
    const next = 'Start the model server, or name its address (MODEL_URL in the shipped examples).';
    return new ModelError('UNAVAILABLE', `cannot reach the model at ${this.url}: ${why}`, { cause: error, next });
  }
}

function addressOf(url: string | URL, { connections, timeoutMs, maxAnswerBytes }: Settings): URL {
  const problems: string[] = [];
  const address = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (address === undefined)
    problems.push(`a model's address must be a URL as http://127.0.0.1:3000/predict, got ${JSON.stringify(String(url))}`);
  else if (!/^https?:$/.test(address.protocol))
    problems.push(`a model's address must begin with http:// or https://, got ${address.protocol}//`);
  else if (address.username !== '')
    problems.push('a model\'s address carries no user and password: put them into the "authorization" header');
  if (!Number.isInteger(connections) || connections < 1)
    problems.push(`connections must be a whole number of at least 1, got ${connections}`);
  if (!(timeoutMs > 0)) problems.push(`timeoutMs must be more than 0, got ${timeoutMs}`);
  if (!(maxAnswerBytes > 0)) problems.push(`maxAnswerBytes must be more than 0, got ${maxAnswerBytes}`);
  if (problems.length > 0 || address === undefined) throw new ConfigError(problems);
  return address;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? 'unknown error');
}
