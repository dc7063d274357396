import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MalformedMessage } from '../../wire/error-code.ts';
import type { Cluster, Node } from '../cluster.ts';
import { FaultDisconnect } from '../faults/inject.ts';
import { dispatch } from './dispatch.ts';
import { Framing } from './framing.ts';

/** Requests that may lie read and unanswered before the socket is no longer read. */
const MAX_QUEUED = 16;

/**
 * One client. Requests are answered one at a time and in order, as Kafka does it; the next is begun when the answer has
 * left for the socket's buffer, so a client that does not read holds one answer and no more.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #cluster: Cluster;
  readonly #node: Node;
  readonly #framing: Framing;
  readonly #ended = new AbortController();
  readonly #queue: Buffer[] = [];
  readonly #client: string;
  #isServing = false;

  constructor(socket: Socket, cluster: Cluster, node: Node) {
    const { frameBytes, idleMs } = cluster.settings.limits;
    this.#socket = socket;
    this.#cluster = cluster;
    this.#node = node;
    this.#client = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#framing = new Framing(frameBytes);
    socket.setNoDelay(true);
    socket.setTimeout(idleMs, () => this.#end(`nothing was heard for ${idleMs} ms`, 'info'));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error.message, 'debug'));
    socket.on('close', () => this.#ended.abort());
  }

  destroy(): void {
    this.#ended.abort();
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#ended.signal.aborted) return;
    try {
      this.#queue.push(...this.#framing.push(chunk));
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#queue.length > MAX_QUEUED) this.#socket.pause();
    if (!this.#isServing && this.#queue.length > 0) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      for (let frame = this.#queue.shift(); frame !== undefined && !this.#ended.signal.aborted; frame = this.#queue.shift())
        await this.#answer(frame);
      this.#socket.resume();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isServing = false;
    }
  }

  async #answer(frame: Buffer): Promise<void> {
    const cluster = this.#cluster;
    const node = this.#node;
    const { stringBytes, arrayItems } = cluster.settings.limits;
    const context = { cluster, node, clientHost: `/${this.#socket.remoteAddress ?? ''}`, signal: this.#ended.signal };
    const parts = await dispatch(frame, { stringBytes, items: arrayItems }, context);
    if (parts !== undefined && !this.#ended.signal.aborted) await this.#write(parts);
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain', { signal: this.#ended.signal }).catch(() => {});
  }

  #fail(error: unknown): void {
    if (error instanceof FaultDisconnect) return this.#end(error.message, 'debug');
    if (error instanceof MalformedMessage) return this.#end(error.message, 'warn');
    this.#end(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, 'error');
  }

  #end(reason: string, level: 'debug' | 'info' | 'warn' | 'error'): void {
    if (this.#ended.signal.aborted) return;
    this.#cluster.log({ level, message: `connection closed: ${reason}`, node: this.#node.id, client: this.#client });
    this.destroy();
  }
}
