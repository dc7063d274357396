import { createServer, type Server } from 'node:net';
import { type EarlierCommits, LateMarkers } from './late-markers.ts';
import { Link, type Weather } from './link.ts';
import type { Rewrite } from './rewrites.ts';
import type { Trap } from './trap.ts';

/**
 * A TCP proxy on loopback between one worker and the brokers. It has a port for each broker, and whoever asks where the
 * brokers are is told these ports: so all that the worker says goes through it, and can be cut and delayed.
 */
export class Proxy {
  readonly #weather: Weather = {
    latencyMs: 0,
    produceMs: 0,
    deafAt: undefined,
    late: undefined,
    rewrite: undefined,
    traps: [],
  };
  readonly #links = new Set<Link>();
  readonly #servers: Server[] = [];
  /** Broker's port to ours. */
  readonly #ports = new Map<number, number>();
  #isCut = false;

  /** @param brokers ports of all brokers on 127.0.0.1, bootstrap brokers first */
  static async start(brokers: readonly number[]): Promise<Proxy> {
    const proxy = new Proxy();
    for (const port of brokers) await proxy.#listen(port);
    return proxy;
  }

  /** Bootstrap list for the worker. */
  get address(): string {
    return [...this.#ports.values()].map((port) => `127.0.0.1:${port}`).join(',');
  }

  /** Breaks every connection, and every new one until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const link of this.#links) link.destroy();
    this.#links.clear();
  }

  /** As `Weather`. */
  slow(weather: Partial<Weather>): void {
    Object.assign(this.#weather, weather);
  }

  /**
   * Connections whose requests so far fit go deaf: they stay open, and nothing goes through them any more.
   *
   * @returns how many
   */
  deafen(fits: (apis: ReadonlySet<number>) => boolean): number {
    const links = [...this.#links].filter((link) => !link.isDeaf && fits(link.apis));
    for (const link of links) link.isDeaf = true;
    return links.length;
  }

  /** The connection of the next request of this kind goes deaf with it. */
  deafenAt(api: number): void {
    this.#weather.deafAt = api;
  }

  /** From now on, some requests are others. */
  rewrite(rewrite: Rewrite): void {
    this.#weather.rewrite = rewrite;
  }

  /** For so long from the first question on, the client sees positions and changelogs whose markers are late. */
  delayMarkers(ms: number, earlier: EarlierCommits = new Map()): void {
    this.#weather.late = new LateMarkers(ms, earlier);
  }

  /** Sets a trap for the next request of a transaction that it fits. */
  set(trap: Trap): void {
    this.#weather.traps = [...this.#weather.traps, trap];
  }

  mend(): void {
    this.#isCut = false;
    this.slow({ latencyMs: 0, produceMs: 0 });
  }

  async close(): Promise<void> {
    this.cut();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #listen(broker: number): Promise<void> {
    const server = createServer((socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      const link = new Link(socket, broker, this.#weather, (port) => this.#portFor(port));
      this.#links.add(link);
      socket.once('close', () => this.#links.delete(link));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    this.#servers.push(server);
    this.#ports.set(broker, (server.address() as { port: number }).port);
  }

  #portFor(broker: number): number {
    const port = this.#ports.get(broker);
    if (port === undefined) throw new Error(`a broker at port ${broker} is not among those that the proxy knows`);
    return port;
  }
}
