import { readFileSync } from 'node:fs';
import { createServer as createHttp, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RegistryDouble } from './registry-double.ts';

export interface TestRegistry {
  readonly url: string;
  close(): Promise<void>;
}

/** The registry that SCHEMA_REGISTRY_URL names, which then has to answer; else one of our own for as long as the test runs. */
export async function testRegistry(): Promise<TestRegistry> {
  const url = process.env['SCHEMA_REGISTRY_URL'];
  if (url === undefined || url === '') return RegistryDouble.start();
  const answer = await fetch(`${url}/subjects`).catch((error: Error) => error);
  if (answer instanceof Error || !answer.ok)
    throw new Error(`SCHEMA_REGISTRY_URL=${url}: no registry answers there; start it, or unset it`);
  return { url, close: async () => {} };
}

/** Certificate and key for 127.0.0.1, made for these tests. */
export function loopbackTls(): { cert: string; key: string } {
  const read = (name: string) => readFileSync(fileURLToPath(new URL(`../topics/fixtures/loopback-${name}.pem`, import.meta.url)), 'utf8');
  return { cert: read('cert'), key: read('key') };
}

/** Stands before a registry and passes requests on, unless told otherwise: down, busy, or asking who comes. */
export class RegistryGate {
  readonly requests: string[] = [];
  /** Answers every request with this status in place of the registry. */
  status: number | undefined;
  /** The one `authorization` header that is let through. */
  wanted: string | undefined;
  readonly #upstream: string;
  readonly #tls: boolean;
  #server: Server;
  #port = 0;

  constructor(upstream: string, options: { readonly tls?: boolean } = {}) {
    this.#upstream = upstream;
    this.#tls = options.tls ?? false;
    this.#server = this.#make();
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before, if there was one. */
  async open(): Promise<this> {
    this.#server = this.#make();
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** From now on connections are refused. */
  async shut(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #make(): Server {
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    return this.#tls ? (createHttps(loopbackTls(), handle) as unknown as Server) : createHttp(handle);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    const isRefused = this.wanted !== undefined && request.headers.authorization !== this.wanted;
    const status = this.status ?? (isRefused ? 401 : undefined);
    if (status !== undefined) {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error_code":40101,"message":"no"}');
      return;
    }
    const { authorization: _, host: __, ...headers } = request.headers;
    const onwards = httpRequest(this.#upstream + request.url, { method: request.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.writeHead(502).end());
    request.pipe(onwards);
  }
}
