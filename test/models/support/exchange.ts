import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A text, or only its `head` where it was too long to be kept. */
interface RecordedBody {
  readonly text?: string;
  readonly head?: string;
}

/** One request to a real model server, and what it answered. */
export interface Exchange {
  readonly name: string;
  readonly server: string;
  readonly version: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Array<[string, string]>;
    readonly body: RecordedBody | null;
  };
  readonly response: { readonly status: number; readonly headers: Array<[string, string]>; readonly body: RecordedBody | null };
}

/** The folder of recorded exchanges, `$MODELS_DIR/http`; `undefined` where there is none. */
export const exchangesFolder = ((): string | undefined => {
  const folder = process.env.MODELS_DIR && join(process.env.MODELS_DIR, 'http');
  return folder && existsSync(folder) ? folder : undefined;
})();

export function exchangesOf(server: string): Exchange[] {
  if (exchangesFolder === undefined) return [];
  const folder = join(exchangesFolder, server);
  return readdirSync(folder)
    .filter((file) => /^\d.*\.json$/.test(file))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Exchange);
}

/** Hop-by-hop headers, and the length, which is not that of bodies whose paths were shortened. */
const NOT_REPLAYED = new Set(['content-length', 'transfer-encoding', 'connection', 'date']);

export interface Replay {
  readonly origin: string;
  /** What was asked, bodies as they came. */
  readonly asked: Array<{
    readonly method: string;
    readonly path: string;
    readonly contentType: string | undefined;
    readonly body: string;
  }>;
  close(): Promise<void>;
}

/** A server on loopback that answers every request with the recorded response. */
export async function replay({ response }: Exchange): Promise<Replay> {
  const asked: Replay['asked'] = [];
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      asked.push({ method: request.method ?? '', path: request.url ?? '', contentType: request.headers['content-type'], body });
      answer.statusCode = response.status;
      for (const [name, value] of response.headers) if (!NOT_REPLAYED.has(name.toLowerCase())) answer.setHeader(name, value);
      answer.end(response.body?.text ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
