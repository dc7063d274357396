import { type Change, hasPrefix, keyId, nearest, type Shard } from './shard.ts';
import type { KeyPlace } from './store/sorted-keys.ts';
import type { StoreEntry } from './store/store.ts';

/**
 * What one attempt at an event has written. The attempt sees its own writes, nobody else does; they go into the shards when
 * the event has finished, and are dropped with an attempt that failed.
 */
export class EventState {
  /** Time of the event, in milliseconds since 1970: the changelog keeps it with each entry. */
  readonly #timestamp: number;
  /** Most events write one entry: it is kept without a map. */
  #first: { readonly shard: Shard; readonly id: string; change: Change } | undefined;
  #others: Map<Shard, Map<string, Change>> | undefined;

  constructor(timestamp = 0) {
    this.#timestamp = timestamp;
  }

  get(shard: Shard, key: Buffer): Buffer | undefined {
    const id = keyId(key);
    const change = this.#find(shard, id);
    return change === undefined ? shard.get(key, id) : (change.value ?? undefined);
  }

  /** @param value null deletes the entry. Both buffers are kept: they must not change afterwards. */
  set(shard: Shard, key: Buffer, value: Buffer | null): void {
    const id = keyId(key);
    const change = { key, value, timestamp: this.#timestamp };
    if (this.#first === undefined) this.#first = { shard, id, change };
    else if (this.#first.shard === shard && this.#first.id === id) this.#first.change = change;
    else this.#layerOf(shard).set(id, change);
  }

  /** The attempt's writes to one shard. */
  *changesOf(shard: Shard): Iterable<Change> {
    if (this.#first?.shard === shard) yield this.#first.change;
    yield* this.#others?.get(shard)?.values() ?? [];
  }

  /** Entries of the shard as the attempt sees them, in no particular order. */
  *entries(shard: Shard, prefix?: Buffer): Iterable<StoreEntry> {
    const own = new Map([...this.changesOf(shard)].map((change) => [keyId(change.key), change]));
    for (const { key, value } of own.values()) if (value !== null && hasPrefix(key, prefix)) yield { key, value };
    for (const entry of shard.entries(prefix)) if (!own.has(keyId(entry.key))) yield entry;
  }

  /** Entries from `from` up to, and without, `to`, in the order of the keys' bytes. For shards of stores that keep it. */
  *range(shard: Shard, from: Buffer | undefined, to: Buffer | undefined, isReverse: boolean): Iterable<StoreEntry> {
    const isInside = (key: Buffer) => (isReverse ? from === undefined || key.compare(from) >= 0 : to === undefined || key.compare(to) < 0);
    let place: KeyPlace = { key: isReverse ? to : from, isIncluded: !isReverse };
    for (;;) {
      const key = nearest([this.#nextOwn(shard, place, isReverse), shard.nextKey(place, isReverse)], isReverse);
      if (key === undefined || !isInside(key)) return;
      const value = this.get(shard, key);
      // Copied before it is handed out: the shard may change before the next is asked for.
      const own = Buffer.from(key);
      if (value !== undefined) yield { key: own, value: Buffer.from(value) };
      place = { key: own, isIncluded: false };
    }
  }

  /** The event has finished: its writes belong to the next cut. */
  apply(): void {
    if (this.#first === undefined) return;
    this.#first.shard.apply(this.#first.id, this.#first.change);
    for (const [shard, layer] of this.#others ?? []) for (const [id, change] of layer) shard.apply(id, change);
    this.drop();
  }

  /** The attempt failed. */
  drop(): void {
    this.#first = undefined;
    this.#others = undefined;
  }

  /** An attempt writes few entries: they are looked through each time. */
  #nextOwn(shard: Shard, { key: from, isIncluded }: KeyPlace, isReverse: boolean): Buffer | undefined {
    const isAhead = (key: Buffer) => {
      const order = from === undefined ? 1 : isReverse ? from.compare(key) : key.compare(from);
      return order > 0 || (order === 0 && isIncluded);
    };
    return nearest(
      [...this.changesOf(shard)].map(({ key }) => (isAhead(key) ? key : undefined)),
      isReverse,
    );
  }

  #find(shard: Shard, id: string): Change | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    return first.shard === shard && first.id === id ? first.change : this.#others?.get(shard)?.get(id);
  }

  #layerOf(shard: Shard): Map<string, Change> {
    this.#others ??= new Map();
    let layer = this.#others.get(shard);
    if (layer === undefined) this.#others.set(shard, (layer = new Map()));
    return layer;
  }
}
