import { connect, type Socket } from 'node:net';
import { sleep } from '../clock.ts';
import { FIND_COORDINATOR, METADATA, type PortMap, rewriteAddresses } from './addresses.ts';
import { Frames } from './frames.ts';
import {
  asksCommittedEnds,
  asksStableOffsets,
  type LateMarkers,
  LIST_OFFSETS,
  OFFSET_FETCH,
  withLateMarkers,
  withLateOffsets,
} from './late-markers.ts';
import type { Rewrite } from './rewrites.ts';
import { refusalOf } from './transactional.ts';
import type { Trap } from './trap.ts';

const PRODUCE = 0;

/** What a link does to what goes through it; may change at any time. */
export interface Weather {
  /** Milliseconds that every frame takes, in either direction. */
  latencyMs: number;
  /** Milliseconds that a produce request takes on its way to the broker, beside the latency. */
  produceMs: number;
  /** The connection of the next request of this kind becomes deaf with it. */
  deafAt: number | undefined;
  /** Where committed records end, and what a group has committed, is answered as if markers were late. */
  late: LateMarkers | undefined;
  /** Makes other requests of some. */
  rewrite: Rewrite | undefined;
  /** Wait for requests of a transaction. */
  traps: readonly Trap[];
}

/** A frame on its way, and what is waited for before it goes on; without a frame nothing goes on. */
interface Passing {
  readonly frame?: Buffer;
  readonly ms: number;
  readonly work?: (() => Promise<void>) | undefined;
}

/** One client's connection through the proxy: frames keep their order, answers name the proxy's ports. */
export class Link {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #weather: Weather;
  readonly #ports: PortMap;
  /** Requests whose answers are rewritten: by correlation id. */
  readonly #asked = new Map<number, readonly [api: number, version: number, isStable?: boolean]>();
  /** Requests whose answers spring a trap: by correlation id. */
  readonly #trapped = new Map<number, Trap>();
  /** Kinds of requests that went through it. */
  readonly apis = new Set<number>();
  /** Nothing goes through any more, in either direction, though the connection stays open. */
  isDeaf = false;

  constructor(client: Socket, port: number, weather: Weather, ports: PortMap) {
    this.#client = client;
    this.#broker = connect({ host: '127.0.0.1', port });
    this.#weather = weather;
    this.#ports = ports;
    this.#pipe(client, this.#broker, (frame) => this.#request(frame));
    this.#pipe(this.#broker, client, (frame) => this.#answer(frame));
  }

  destroy(): void {
    this.#client.destroy();
    this.#broker.destroy();
  }

  #pipe(from: Socket, to: Socket, pass: (frame: Buffer) => Passing): void {
    const frames = new Frames();
    let before: Promise<void> = Promise.resolve();
    from.setNoDelay(true);
    from.on('error', () => this.destroy());
    from.on('close', () => this.destroy());
    from.on('data', (chunk: Buffer) => {
      for (const each of frames.add(chunk)) {
        const { frame, ms, work } = pass(each);
        if (this.isDeaf) continue;
        const due = Date.now() + ms;
        before = before.then(async () => {
          const left = due - Date.now();
          if (left > 0) await sleep(left);
          await work?.();
          if (frame !== undefined && !to.destroyed && !this.isDeaf) to.write(frame);
        });
      }
    });
  }

  #request(sent: Buffer): Passing {
    const frame = this.#weather.rewrite?.(sent) ?? sent;
    const [api, version, id] = [frame.readInt16BE(4), frame.readInt16BE(6), frame.readInt32BE(8)];
    if (api === METADATA || api === FIND_COORDINATOR) this.#asked.set(id, [api, version]);
    const { late } = this.#weather;
    if (api === LIST_OFFSETS && late !== undefined && asksCommittedEnds(frame) && late.areLate('ends')) this.#asked.set(id, [api, version]);
    if (api === OFFSET_FETCH && late?.areLate('offsets')) this.#asked.set(id, [api, version, asksStableOffsets(frame)]);
    this.apis.add(api);
    if (api === this.#weather.deafAt) {
      this.#weather.deafAt = undefined;
      this.isDeaf = true;
    }
    const { latencyMs, produceMs, traps } = this.#weather;
    const ms = latencyMs + (api === PRODUCE ? produceMs : 0);
    const trap = traps.find((each) => each.catches(frame));
    return trap === undefined ? { frame, ms } : this.#spring(trap, frame, ms, id);
  }

  #spring(trap: Trap, frame: Buffer, ms: number, id: number): Passing {
    const { deed, name, caught = '' } = trap;
    if (deed.does === 'drop') return { ms, work: async () => this.destroy() };
    if (deed.does === 'refuse') return { ms, work: async () => void this.#client.write(refusalOf(frame, name, deed.errorCode)) };
    if (deed.does === 'before') return { frame, ms, work: () => deed.work(caught) };
    this.#trapped.set(id, trap);
    return { frame, ms };
  }

  #answer(frame: Buffer): Passing {
    const id = frame.readInt32BE(4);
    const asked = this.#asked.get(id);
    const trap = this.#trapped.get(id);
    this.#asked.delete(id);
    this.#trapped.delete(id);
    const ms = this.#weather.latencyMs;
    if (trap?.deed.does === 'lose-answer') return { ms, work: async () => this.destroy() };
    const { deed, caught = '' } = trap ?? {};
    const work = deed?.does === 'after' ? () => deed.work(caught) : undefined;
    return { frame: asked === undefined ? frame : this.#rewritten(frame, ...asked), ms, work };
  }

  #rewritten(frame: Buffer, api: number, version: number, isStable = false): Buffer {
    if (api === LIST_OFFSETS) return withLateMarkers(frame, version);
    if (api === OFFSET_FETCH) return withLateOffsets(frame, version, isStable, this.#weather.late?.earlier ?? new Map());
    return rewriteAddresses(frame, api, version, this.#ports);
  }
}
