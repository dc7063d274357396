import { connect, createServer, type Server, type Socket } from 'node:net';
import { failedAnswer } from '../../src/broker/faults/failed-answer.ts';
import { type Api, apiCodec, isFlexible } from '../../src/wire/api.ts';
import { ErrorCode, type ErrorName } from '../../src/wire/error-code.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { FIND_COORDINATOR, METADATA, rewriteAddresses } from '../faults/net/addresses.ts';
import { Frames } from '../faults/net/frames.ts';
import { brokers } from './broker.ts';

/** What happens to a request: it is not carried out, or carried out without an answer, or answered with an error in its place. */
export type Effect = 'cut before' | 'cut after' | { readonly error: ErrorName } | 'pass';

export interface Stage {
  readonly api: Api;
  /** Requests of the kind that pass first. @default 0 */
  readonly skip?: number;
  /** @default 1 */
  readonly times?: number;
  readonly effect: Effect;
  /** Runs when the request has come, before anything happens to it. */
  readonly before?: () => Promise<unknown>;
}

interface Running extends Stage {
  left: number;
  skipped: number;
}

/**
 * A proxy in front of the run's broker, whichever that is, that does to single requests what a network or a failing broker may do.
 * All that a client says goes through it: answers name the proxy's ports.
 */
export class StagedProxy {
  readonly #servers: Server[] = [];
  readonly #ports = new Map<number, number>();
  readonly #sockets = new Set<Socket>();
  readonly #stages: Running[] = [];
  /** Names of the requests that have come, in order. */
  readonly seen: number[] = [];

  static async start(addresses = brokers()): Promise<StagedProxy> {
    const proxy = new StagedProxy();
    for (const address of addresses) await proxy.#listen(Number(address.slice(address.lastIndexOf(':') + 1)));
    return proxy;
  }

  get brokers(): string[] {
    return [...this.#ports.values()].map((port) => `127.0.0.1:${port}`);
  }

  /** Resolves when the stage has been played. */
  stage(stage: Stage): Promise<void> {
    return new Promise((resolve) => {
      const running: Running = { ...stage, left: stage.times ?? 1, skipped: stage.skip ?? 0 };
      const before = async () => {
        await stage.before?.();
        if (running.left <= 0) resolve();
      };
      this.#stages.push(Object.assign(running, { before }));
    });
  }

  clear(): void {
    this.#stages.length = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #staged(api: number): Running | undefined {
    for (const stage of this.#stages) {
      if (stage.api.key !== api || stage.left <= 0) continue;
      if (stage.skipped > 0) {
        stage.skipped--;
        continue;
      }
      stage.left--;
      return stage;
    }
    return undefined;
  }

  async #listen(broker: number): Promise<void> {
    const server = createServer((client) => this.#link(client, broker));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.push(server);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    this.#ports.set(broker, address.port);
  }

  #link(client: Socket, port: number): void {
    const upstream = connect({ host: '127.0.0.1', port });
    const destroy = () => {
      client.destroy();
      upstream.destroy();
    };
    /** Requests whose answers are not passed on as they are, by correlation id. */
    const asked = new Map<number, { api: number; version: number; isDropped: boolean }>();
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', destroy);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        destroy();
      });
    }
    const requests = new Frames();
    let turn: Promise<void> = Promise.resolve();
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests.add(chunk)) {
        turn = turn.then(() => this.#request(frame, client, upstream, asked, destroy)).catch(destroy);
      }
    });
    const answers = new Frames();
    upstream.on('data', (chunk: Buffer) => {
      for (const frame of answers.add(chunk)) {
        const known = asked.get(frame.readInt32BE(4));
        asked.delete(frame.readInt32BE(4));
        if (known?.isDropped) destroy();
        else client.write(known === undefined ? frame : rewriteAddresses(frame, known.api, known.version, (from) => this.#portOf(from)));
      }
    });
  }

  async #request(
    frame: Buffer,
    client: Socket,
    upstream: Socket,
    asked: Map<number, { api: number; version: number; isDropped: boolean }>,
    destroy: () => void,
  ): Promise<void> {
    const [api, version, id] = [frame.readInt16BE(4), frame.readInt16BE(6), frame.readInt32BE(8)];
    this.seen.push(api);
    const stage = this.#staged(api);
    if (api === METADATA || api === FIND_COORDINATOR) asked.set(id, { api, version, isDropped: false });
    if (stage !== undefined) {
      await stage.before?.();
      if (stage.effect === 'cut before') return destroy();
      if (stage.effect === 'cut after') asked.set(id, { api, version, isDropped: true });
      else if (stage.effect !== 'pass') {
        client.write(refusal(stage.api, frame, stage.effect.error));
        return;
      }
    }
    upstream.write(frame);
  }

  #portOf(broker: number): number {
    const port = this.#ports.get(broker);
    if (port === undefined) throw new Error(`a broker at port ${broker} is not among those that the proxy knows`);
    return port;
  }
}

/** The answer to a request of which nothing was carried out. */
function refusal(api: Api, frame: Buffer, error: ErrorName): Buffer {
  const version = frame.readInt16BE(6);
  const isTagged = isFlexible(api, version);
  const clientIdLength = Math.max(0, frame.readInt16BE(12));
  const body = new Reader(frame.subarray(14 + clientIdLength + (isTagged ? 1 : 0)));
  const request = apiCodec(api, version).request.decode(body);
  const writer = new Writer();
  writer.int32(frame.readInt32BE(8));
  if (isTagged) writer.uvarint(0);
  const answer: Record<string, unknown> = failedAnswer(api, version, request, ErrorCode[error]);
  apiCodec(api, version).response.encode(writer, answer as never);
  const bytes = Buffer.concat(writer.finish());
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}
