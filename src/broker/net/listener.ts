import { createServer, type Server, type Socket } from 'node:net';
import { ConfigError, StreamerError } from '../../errors.ts';
import type { Cluster, Node } from '../cluster.ts';
import { Connection } from './connection.ts';

/** Open connections of all listeners of one broker. */
export type Connections = Map<Socket, Connection>;

/** One node's listening socket. */
export class Listener {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #server: Server;
  readonly #nodeId: number;

  constructor(cluster: Cluster, nodeId: number, connections: Connections) {
    this.#cluster = cluster;
    this.#nodeId = nodeId;
    this.#connections = connections;
    this.#server = createServer();
  }

  /** @throws ConfigError when the port is taken or may not be used */
  async listen(host: string, port: number): Promise<Node> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, host, port)));
      this.#server.listen(port, host, resolve);
    });
    const node = { id: this.#nodeId, host, port: (this.#server.address() as { port: number }).port };
    this.#server.on('connection', (socket) => this.#accept(socket, node));
    return node;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket, node: Node): void {
    const { connections: limit } = this.#cluster.settings.limits;
    if (this.#connections.size >= limit) {
      const longestIdle = [...this.#connections].reduce((a, b) => (isIdleLonger(b[1], a[1]) ? b : a));
      this.#connections.delete(longestIdle[0]);
      longestIdle[1].giveWay(`${limit} connections are open (limits.connections), another client has come, and this one was idle longest`);
    }
    this.#connections.set(socket, new Connection(socket, this.#cluster, node));
    socket.once('close', () => this.#connections.delete(socket));
  }
}

/** A client whose request is being answered, or waits for records, is not idle. */
function isIdleLonger(one: Connection, other: Connection): boolean {
  return one.isIdle === other.isIdle ? one.lastActiveMs < other.lastActiveMs : one.isIdle;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): StreamerError {
  if (error.code === 'EADDRINUSE') {
    return new ConfigError(`Port ${port} on ${host} is in use.`, {
      cause: error,
      next: 'Stop what listens there, or choose another port with `--port N`.',
    });
  }
  if (error.code === 'EACCES') {
    return new ConfigError(`Port ${port} on ${host} may not be used by this user.`, {
      cause: error,
      next: 'Choose a port above 1023 with `--port N`.',
    });
  }
  return new StreamerError('CONFIG', `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
}
