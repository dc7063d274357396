import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** How one request is answered. */
export type Stage = (asked: Asked, response: ServerResponse) => void;

export interface StagedServer {
  readonly url: string;
  readonly origin: string;
  readonly asked: Asked[];
  /** Answers for the next requests, in order; afterwards `otherwise` answers. */
  next(...stages: Stage[]): void;
  close(): Promise<void>;
}

/** A real HTTP server on a free loopback port that fails as it is told. */
export async function stagedServer(otherwise: Stage): Promise<StagedServer> {
  const asked: Asked[] = [];
  const stages: Stage[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      };
      asked.push(one);
      (stages.shift() ?? otherwise)(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/predict`,
    asked,
    next: (...more) => void stages.push(...more),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Stage {
  return (_asked, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Answers every row with what `of` makes of it. */
export function each(of: (row: never) => unknown): Stage {
  return (asked, response) => answer((asked.body as never[]).map(of))(asked, response);
}

/** Takes the request and never answers. */
export const silence: Stage = () => {};

/** Closes the connection instead of answering. */
export const hangUp: Stage = (_asked, response) => void response.destroy();
