import { ConfigError, StreamerError } from '../errors.ts';
import { ManualClock } from './clock/manual-clock.ts';
import { Cluster } from './cluster.ts';
import { type BrokerDump, dumpCluster } from './dump.ts';
import type { FaultOptions } from './faults/fault.ts';
import { HANDLERS } from './handlers/handlers.ts';
import { type Connections, Listener } from './net/listener.ts';
import { type BrokerOptions, resolveOptions, type Settings } from './options.ts';
import { type BrokerStorage, memoryStorage } from './storage/broker-storage.ts';

/** A fault that was set. */
export interface Fault {
  /** Resolves to the number of requests that it has affected. */
  hits(): Promise<number>;
  /** Ends the fault. */
  clear(): Promise<void>;
}

/** A running broker. */
export interface Broker {
  /** Bootstrap list for a client: `host:port[,host:port...]`, one for each node. */
  readonly address: string;
  /** Port of each node, in the order of their ids. */
  readonly ports: readonly number[];
  /**
   * Sets a fault switch for requests to come, of any client. Where several concern a request, the one that was set first applies.
   *
   * @throws ConfigError (rejects) when it cannot be used
   */
  fault(options: FaultOptions): Promise<Fault>;
  /**
   * Moves the broker's clock on, and makes what is due on the way happen in order.
   *
   * @throws ConfigError (rejects) unless it was started with `clock: 'manual'`
   */
  advance(ms: number): Promise<void>;
  /** Resolves to what the broker holds: topics, partitions, groups, as JSON values. For debugging and for assertions. */
  dump(): Promise<BrokerDump>;
  /** Closes every connection; what is in memory is forgotten, what is in a data folder is synced. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts a broker in this thread: for tests, and for programs that do not block the event loop.
 *
 * @throws ConfigError when an option cannot be used, the port is taken, or the data folder is in use or cannot be read
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const settings = resolveOptions(options);
  return serve(settings, await openStorage(settings));
}

async function openStorage({ data, durability, salvage, log }: Settings): Promise<BrokerStorage> {
  if (data === undefined) return memoryStorage();
  // A fifth of all modules: a broker in memory does not load them.
  const [{ openDiskStorage }, { nodeFiles }] = await Promise.all([import('./storage/disk-storage.ts'), import('./storage/node-files.ts')]);
  return openDiskStorage({ folder: data, durability, salvage, report: (level, message) => log({ level, message }) }, nodeFiles);
}

/** Listens, with this storage. */
export async function serve(settings: Settings, storage: BrokerStorage): Promise<Broker> {
  const cluster = await openCluster(settings, storage);
  const connections: Connections = new Map();
  const listeners = Array.from({ length: settings.nodes }, (_, i) => new Listener(cluster, i + 1, connections));
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    for (const connection of connections.values()) connection.destroy();
    await Promise.all(listeners.map((listener) => listener.close()));
    await cluster.close();
  };
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };
  const running = (): Cluster => {
    if (closing !== undefined) throw closed();
    return cluster;
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
  return {
    address: nodes.map(addressOf).join(','),
    ports: nodes.map(({ port }) => port),
    fault: async (options) => setFault(running(), options),
    advance: async (ms) => advance(running(), ms),
    dump: async () => dumpCluster(running()),
    close,
  };
}

function closed(): StreamerError {
  return new StreamerError('USAGE', 'The broker is closed.');
}

function setFault({ faults }: Cluster, options: FaultOptions): Fault {
  const id = faults.set(
    options,
    HANDLERS.map(({ api }) => api.name),
  );
  return { hits: async () => faults.hits(id), clear: async () => faults.clear(id) };
}

async function advance(cluster: Cluster, ms: number): Promise<void> {
  const { clock } = cluster;
  if (!(clock instanceof ManualClock)) {
    throw new ConfigError('This broker follows the clock of the system, which cannot be moved.', {
      next: "Start it with `clock: 'manual'`.",
    });
  }
  if (!Number.isFinite(ms) || ms < 0) throw new ConfigError([`advance: expected milliseconds from 0 on, got ${ms}`]);
  await cluster.sync();
  clock.advance(ms);
  await cluster.settled();
}

async function openCluster(settings: Settings, storage: BrokerStorage): Promise<Cluster> {
  try {
    return new Cluster(settings, storage);
  } catch (error) {
    await storage.close(false);
    throw error;
  }
}

function addressOf({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
