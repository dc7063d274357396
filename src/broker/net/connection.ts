import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MalformedMessage } from '../../wire/error-code.ts';
import type { Cluster, Node } from '../cluster.ts';
import { FaultDisconnect } from '../faults/inject.ts';
import type { Holder } from '../memory/shared-budget.ts';
import { dispatch } from './dispatch.ts';
import { Framing } from './framing.ts';

/** Requests, and bytes of them, that may wait for their answers before the socket is no longer read. */
const MAX_QUEUED = 16;
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * One client. Requests are answered one at a time and in order, as Kafka does it; the next is begun when the answer has
 * left for the socket's buffer, so a client that does not read holds one answer and no more.
 */
export class Connection implements Holder {
  readonly #socket: Socket;
  readonly #cluster: Cluster;
  readonly #node: Node;
  readonly #framing: Framing;
  readonly #ended = new AbortController();
  readonly #queue: Buffer[] = [];
  readonly #client: string;
  /** Bytes of the requests that wait, and of the one that is being answered. */
  #queuedBytes = 0;
  #isServing = false;
  #lastActiveMs = Date.now();

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
    socket.on('close', () => this.destroy());
  }

  /** Is no request of it being answered? */
  get isIdle(): boolean {
    return !this.#isServing;
  }

  /** When it last received or sent something, milliseconds since 1970. */
  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  destroy(): void {
    this.#ended.abort();
    this.#socket.destroy();
    this.#queue.length = 0;
    this.#cluster.requestMemory.release(this);
    this.#cluster.answerMemory.release(this);
  }

  giveWay(reason: string): void {
    this.#end(reason, 'warn');
  }

  #receive(chunk: Buffer): void {
    if (this.#ended.signal.aborted) return;
    this.#lastActiveMs = Date.now();
    try {
      for (const frame of this.#framing.push(chunk)) {
        this.#queue.push(frame);
        this.#queuedBytes += frame.length;
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.#holdRequests();
    if (this.#queue.length > MAX_QUEUED || this.#queuedBytes > MAX_QUEUED_BYTES) this.#socket.pause();
    if (!this.#isServing && this.#queue.length > 0) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      for (let frame = this.#queue.shift(); frame !== undefined && !this.#ended.signal.aborted; frame = this.#queue.shift()) {
        await this.#answer(frame);
        this.#queuedBytes -= frame.length;
        this.#holdRequests();
      }
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
    if (this.#socket.writableNeedDrain) {
      this.#cluster.answerMemory.hold(this, this.#socket.writableLength);
      if (!this.#ended.signal.aborted) await once(this.#socket, 'drain', { signal: this.#ended.signal }).catch(() => {});
      this.#cluster.answerMemory.release(this);
    }
    this.#lastActiveMs = Date.now();
  }

  #holdRequests(): void {
    if (!this.#ended.signal.aborted) this.#cluster.requestMemory.hold(this, this.#framing.heldBytes + this.#queuedBytes);
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
