import type { Pool } from 'undici';
import { messageOf } from '../../errors.ts';
import { deadline } from '../../timing/index.ts';
import type { PredictOptions } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { bodyBytes } from './body-bytes.ts';
import { addressOf, type HttpOptions, type HttpSettings, settingsOf } from './options.ts';
import type { HttpAnswer, HttpQuestion } from './protocol.ts';
import { isReset, transportError } from './transport-error.ts';
import { utf8Text } from './utf8.ts';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** One address of a model server: calls over a pool of kept-alive connections, opened at the first call. */
export class HttpEndpoint {
  readonly url: string;
  readonly #address: URL;
  readonly #settings: HttpSettings;
  #pool: Promise<Pool> | undefined;

  constructor(url: string | URL, options: HttpOptions = {}) {
    this.#address = addressOf(url, options);
    this.#settings = settingsOf(options);
    this.url = `${this.#address.origin}${this.#address.pathname}`;
  }

  /** Loads the HTTP client; opens no connection. */
  async start(): Promise<void> {
    this.#pool ??= this.#open();
    await this.#pool;
  }

  /** Posts, and resolves to the answer, also to one with an error status. Rejects with a `ModelError`, or with the signal's reason. */
  async post({ path = '', headers = {}, body }: HttpQuestion, options: PredictOptions = {}): Promise<HttpAnswer> {
    const { maxRequestBytes } = this.#settings;
    // No character is longer than three bytes of UTF-8, so that most bodies need not be measured.
    if (body.length * 3 > maxRequestBytes && Buffer.byteLength(body) > maxRequestBytes) {
      const next = 'Ask fewer rows at once (`batch.size`, `batch.bytes`) or raise `maxRequestBytes`.';
      throw new ModelError('REFUSED', `the rows for ${this.url} take more than ${maxRequestBytes} bytes`, { next });
    }
    return this.#call({ method: 'POST', path: `${this.path(path)}${this.#address.search}`, headers, body }, options);
  }

  /** @param path on the server, from its root */
  async get(path: string, options: PredictOptions = {}): Promise<HttpAnswer> {
    return this.#call({ method: 'GET', path, headers: {}, body: null }, options);
  }

  /** Returns the path of the address with another one appended. */
  path(suffix: string): string {
    const base = this.#address.pathname;
    return suffix === '' ? base : `${base.replace(/\/$/, '')}${suffix}`;
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await (await pool)?.close();
  }

  async #call(call: Call, options: PredictOptions): Promise<HttpAnswer> {
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    const limit = deadline(
      options.signal,
      timeoutMs,
      () => new ModelError('UNAVAILABLE', `the model at ${this.url} did not answer within ${timeoutMs} ms`),
    );
    try {
      return await this.#request(call, limit.signal);
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason;
      throw transportError(error, this.url, this.#settings.maxAnswerBytes);
    } finally {
      limit.end();
    }
  }

  async #request(call: Call, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#once(call, signal);
    } catch (error) {
      if (signal.aborted || !isReset(error)) throw error;
      return this.#once(call, signal);
    }
  }

  async #once({ method, path, headers, body }: Call, signal: AbortSignal): Promise<HttpAnswer> {
    const given = await this.#headers();
    const type = body === null ? {} : { 'content-type': 'application/json' };
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const answer = await pool.request({
      method,
      path,
      body,
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...type, ...lowered(headers), ...lowered(given) },
      signal,
    });
    const bytes = await bodyBytes(answer, this.#settings.maxAnswerBytes);
    return { status: answer.statusCode, headers: answer.headers, text: textOf(bytes, answer.statusCode) };
  }

  async #headers(): Promise<Readonly<Record<string, string>>> {
    const { headers } = this.#settings;
    if (typeof headers !== 'function') return headers;
    try {
      return await headers();
    } catch (cause) {
      throw new ModelError('UNAVAILABLE', `the headers for the model at ${this.url} failed: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * Headers and body have no time-out of their own: the call as a whole has one, and it is shorter.
   * undici is loaded here because it takes longer to load than all of streamer, and most programs only import its types.
   */
  async #open(): Promise<Pool> {
    const { connections, maxAnswerBytes, tls } = this.#settings;
    const { Pool } = await import('undici');
    return new Pool(this.#address.origin, {
      connections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxAnswerBytes,
      connect: { ...tls },
    });
  }
}

/** Returns headers with names in lower case, so that one replaces another of the same name instead of going out beside it. */
function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The message of an error may be in any encoding, and only people read it. */
function textOf(bytes: Uint8Array, status: number): string {
  return status >= 200 && status <= 299 ? utf8Text(bytes) : new TextDecoder().decode(bytes);
}
