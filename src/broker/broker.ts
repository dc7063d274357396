import { Cluster } from './cluster.ts';
import { type Connections, Listener } from './net/listener.ts';
import { type BrokerOptions, resolveOptions } from './options.ts';

/** A running broker. */
export interface Broker {
  /** Bootstrap list for a client: `host:port[,host:port...]`, one for each node. */
  readonly address: string;
  /** Port of each node, in the order of their ids. */
  readonly ports: readonly number[];
  /** Closes every connection and forgets what memory held. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts a broker in this thread: for tests, and for programs that do not block the event loop.
 *
 * @throws ConfigError when an option cannot be used or the port is taken
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const settings = resolveOptions(options);
  const cluster = new Cluster(settings);
  const connections: Connections = new Map();
  const listeners = Array.from({ length: settings.nodes }, (_, i) => new Listener(cluster, i + 1, connections));
  const close = async (): Promise<void> => {
    for (const connection of connections.values()) connection.destroy();
    await Promise.all(listeners.map((listener) => listener.close()));
    await cluster.close();
  };
  try {
    for (const [i, listener] of listeners.entries()) {
      cluster.addNode(await listener.listen(settings.host, settings.port === 0 ? 0 : settings.port + i));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const nodes = cluster.nodes();
  return { address: nodes.map(addressOf).join(','), ports: nodes.map(({ port }) => port), close };
}

function addressOf({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
