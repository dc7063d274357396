import type { PollOptions } from '../../../agents/index.ts';
import type { Clock } from '../../../timing/index.ts';
import { Fifo } from '../../fifo.ts';
import { BackOffs } from './back-offs.ts';
import { type Ordered, Unit } from './unit.ts';

/** Units are used again: with an order by key, most keys come once and go. */
const SPARE_UNITS = 10_000;

/**
 * Items that wait to be started, by unit, oldest first. Items without unit have no order to keep. Lanes are few, and a
 * behaviour with lanes takes from one at a time: no list is kept of lanes that may start, because it would grow with every
 * event.
 */
export class Units<T extends Ordered<T>> {
  readonly #areLanes: boolean;
  readonly #units = new Map<number, Unit<T>>();
  readonly #spare: Unit<T>[] = [];
  /** Units that may start, in the order in which they became so. */
  readonly #ready = new Fifo<Unit<T>>();
  readonly #loose = new Fifo<T>();
  readonly #backOffs: BackOffs<T>;

  constructor(areLanes: boolean, clock: Clock) {
    this.#areLanes = areLanes;
    this.#backOffs = new BackOffs(clock);
  }

  /** Nothing waits to be started. */
  get isIdle(): boolean {
    if (this.#loose.length > 0) return false;
    return this.#areLanes ? !this.#lanes().some(({ mayStart }) => mayStart) : this.#ready.length === 0;
  }

  /** Nothing waits, is in flight, or backs off: an item of any unit may start. */
  get isEmpty(): boolean {
    return this.#units.size === 0 && this.#loose.length === 0;
  }

  has(id: number): boolean {
    return this.#units.has(id);
  }

  add(item: T, id: number | undefined): void {
    if (id === undefined) {
      this.#loose.push(item);
      return;
    }
    const unit = this.#unit(id);
    item.unit = unit;
    unit.waiting.push(item);
    this.#list(unit);
  }

  /** Takes note of an item that has been started without waiting, when its unit had nothing. */
  addStarted(item: T, id: number, isHeld: boolean): void {
    const unit = this.#unit(id);
    item.unit = unit;
    unit.open.push(item);
    if (isHeld) unit.inFlight++;
  }

  /** Takes up to `max` items that may start: several of one unit only when `runs`. */
  take(max: number, options: PollOptions): T[] {
    const taken: T[] = [];
    if (options.lane !== undefined) {
      const unit = this.#units.get(options.lane);
      const isFree = unit?.mayStart === true || (options.joins === true && unit?.isBackingOff === false);
      if (unit !== undefined && isFree) this.#start(unit, max, options.runs === true, taken);
    } else if (this.#areLanes) {
      for (const unit of this.#lanes()) if (unit.mayStart) this.#start(unit, max, options.runs === true, taken);
    } else {
      this.#takeReady(max, options.runs === true, taken);
    }
    this.#takeLoose(max, taken);
    return taken;
  }

  /** A unit that has become free, or has got something back. */
  refresh(unit: Unit<T>): void {
    if (!unit.isEmpty) {
      this.#list(unit);
    } else if (this.#units.delete(unit.id) && !unit.isListed && this.#spare.length < SPARE_UNITS) {
      this.#spare.push(unit);
    }
  }

  /**
   * Puts back a started item: it may start again after the delay, and nothing of its unit before it.
   *
   * @param back called when it may
   */
  putBack(item: T, delayMs: number, back: () => void): void {
    const { unit } = item;
    if (unit !== undefined) {
      unit.inFlight--;
      unit.putBack(item);
      unit.isBackingOff ||= delayMs > 0;
    }
    const isBack = () => {
      if (unit !== undefined) this.refresh(unit);
      else this.#loose.insert(item, (other) => other.place > item.place);
      back();
    };
    if (delayMs === 0) {
      isBack();
      return;
    }
    this.#backOffs.hold(item, delayMs, () => {
      if (unit !== undefined) unit.isBackingOff = false;
      isBack();
    });
  }

  /** Slow: for looking into a stall. */
  find(isWanted: (item: T) => boolean): T | undefined {
    for (const { open, waiting } of this.#units.values()) {
      const item = open.find(isWanted) ?? waiting.find(isWanted);
      if (item !== undefined) return item;
    }
    return this.#backOffs.find(isWanted) ?? this.#loose.find(isWanted);
  }

  /** Items that back off do not come back any more. */
  close(): void {
    this.#backOffs.close();
  }

  #lanes(): Unit<T>[] {
    return [...this.#units.values()];
  }

  #takeReady(max: number, isRun: boolean, taken: T[]): void {
    for (let left = this.#ready.length; left > 0 && taken.length < max; left--) {
      const unit = this.#ready.shift();
      if (unit === undefined) return;
      unit.isListed = false;
      if (unit.mayStart) this.#start(unit, max, isRun, taken);
    }
  }

  #start(unit: Unit<T>, max: number, isRun: boolean, taken: T[]): void {
    let most = isRun ? max - taken.length : Math.min(1, max - taken.length);
    while (most-- > 0) {
      const item = unit.waiting.shift();
      if (item === undefined) return;
      unit.inFlight++;
      unit.open.push(item);
      taken.push(item);
    }
  }

  #takeLoose(max: number, taken: T[]): void {
    while (taken.length < max) {
      const item = this.#loose.shift();
      if (item === undefined) return;
      taken.push(item);
    }
  }

  #unit(id: number): Unit<T> {
    let unit = this.#units.get(id);
    if (unit === undefined) {
      unit = this.#spare.pop() ?? new Unit<T>();
      unit.id = id;
      this.#units.set(id, unit);
    }
    return unit;
  }

  #list(unit: Unit<T>): void {
    if (this.#areLanes || unit.isListed || !unit.mayStart) return;
    unit.isListed = true;
    this.#ready.push(unit);
  }
}
