import type { PollOptions } from '../../../agents/index.ts';
import { Fifo } from '../../fifo.ts';
import type { WorkItem } from '../work-item.ts';
import { ItemList } from './item-list.ts';

/** What order is kept within: a key, a lane, or a whole partition. Its items start one after the other. */
export class Unit {
  id: number = 0;
  /** Waiting, in offset order. */
  readonly waiting = new ItemList();
  /** Started and not yet finished, in offset order: they finish in this order too. */
  readonly open = new ItemList();
  /** In the handler's hands. */
  inFlight = 0;
  isBackingOff = false;
  isListed = false;

  get mayStart(): boolean {
    return this.waiting.first !== undefined && this.inFlight === 0 && !this.isBackingOff;
  }

  get isEmpty(): boolean {
    return this.waiting.first === undefined && this.open.first === undefined && !this.isBackingOff;
  }

  /** Puts an item that was started back in its place. */
  putBack(item: WorkItem): void {
    this.open.remove(item);
    this.waiting.insert(item);
  }
}

/** Units are used again: with an order by key, most keys come once and go. */
const SPARE_UNITS = 10_000;

/**
 * Items that wait to be started, by unit, oldest first. Items without unit have no order to keep. Where units are lanes there
 * are few, and whoever takes looks at one: no list is kept of those that may start, or it would grow with every event.
 */
export class Units {
  readonly #areLanes: boolean;
  readonly #units = new Map<number, Unit>();
  readonly #spare: Unit[] = [];
  /** Units that may start, in the order in which they became so. */
  readonly #ready = new Fifo<Unit>();
  readonly #loose = new Fifo<WorkItem>();
  readonly #backingOff = new Map<NodeJS.Timeout, WorkItem>();

  constructor(areLanes: boolean) {
    this.#areLanes = areLanes;
  }

  add(item: WorkItem, id: number | undefined): void {
    if (id === undefined) {
      this.#loose.push(item);
      return;
    }
    const unit = this.#unit(id);
    item.unit = unit;
    unit.waiting.push(item);
    this.#list(unit);
  }

  /** Nothing waits to be started. */
  get isIdle(): boolean {
    if (this.#loose.length > 0) return false;
    return this.#areLanes ? !this.#lanes().some(({ mayStart }) => mayStart) : this.#ready.length === 0;
  }

  /** Nothing waits, is in hand, or backs off: an item of whatever unit may start. */
  get isEmpty(): boolean {
    return this.#units.size === 0 && this.#loose.length === 0;
  }

  has(id: number): boolean {
    return this.#units.has(id);
  }

  /** Slow: for whoever looks into a stall. */
  find(offset: number): WorkItem | undefined {
    for (const { open, waiting } of this.#units.values()) {
      const item = open.find(offset) ?? waiting.find(offset);
      if (item !== undefined) return item;
    }
    for (const item of this.#backingOff.values()) if (item.offset === offset) return item;
    for (let at = 0; at < this.#loose.length; at++) if (this.#loose.peek(at)?.offset === offset) return this.#loose.peek(at);
    return undefined;
  }

  /** Takes note of an item that has been started without waiting, when its unit had nothing. */
  addStarted(item: WorkItem, id: number, isHeld: boolean): void {
    const unit = this.#unit(id);
    item.unit = unit;
    unit.open.push(item);
    if (isHeld) unit.inFlight++;
  }

  /** Takes up to `max` items that may start: several of one unit only when `runs`. */
  take(max: number, options: PollOptions): WorkItem[] {
    const taken: WorkItem[] = [];
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
  refresh(unit: Unit): void {
    if (!unit.isEmpty) {
      this.#list(unit);
    } else if (this.#units.delete(unit.id) && !unit.isListed && this.#spare.length < SPARE_UNITS) {
      this.#spare.push(unit);
    }
  }

  /**
   * Puts back what was started: it may start again after the delay, and nothing of its unit before it.
   *
   * @param back called when it may
   */
  putBack(item: WorkItem, delayMs: number, back: () => void): void {
    const { unit } = item;
    if (unit !== undefined) {
      unit.inFlight--;
      unit.putBack(item);
      unit.isBackingOff ||= delayMs > 0;
    }
    if (delayMs === 0) {
      this.#isBack(item);
      back();
      return;
    }
    const timer = setTimeout(() => {
      this.#backingOff.delete(timer);
      item.isBackingOff = false;
      if (unit !== undefined) unit.isBackingOff = false;
      this.#isBack(item);
      back();
    }, delayMs);
    item.isBackingOff = true;
    this.#backingOff.set(timer, item);
  }

  /** What backs off does not come back any more. */
  close(): void {
    for (const timer of this.#backingOff.keys()) clearTimeout(timer);
    this.#backingOff.clear();
  }

  #isBack(item: WorkItem): void {
    if (item.unit !== undefined) this.refresh(item.unit);
    else this.#loose.insert(item, (other) => other.offset > item.offset);
  }

  #lanes(): Unit[] {
    return [...this.#units.values()];
  }

  #takeReady(max: number, isRun: boolean, taken: WorkItem[]): void {
    for (let left = this.#ready.length; left > 0 && taken.length < max; left--) {
      const unit = this.#ready.shift()!;
      unit.isListed = false;
      if (unit.mayStart) this.#start(unit, max, isRun, taken);
    }
  }

  #start(unit: Unit, max: number, isRun: boolean, taken: WorkItem[]): void {
    let most = isRun ? max - taken.length : Math.min(1, max - taken.length);
    while (most-- > 0) {
      const item = unit.waiting.shift();
      if (item === undefined) return;
      unit.inFlight++;
      unit.open.push(item);
      taken.push(item);
    }
  }

  #takeLoose(max: number, taken: WorkItem[]): void {
    while (taken.length < max && this.#loose.length > 0) {
      taken.push(this.#loose.shift()!);
    }
  }

  #unit(id: number): Unit {
    let unit = this.#units.get(id);
    if (unit === undefined) {
      unit = this.#spare.pop() ?? new Unit();
      unit.id = id;
      this.#units.set(id, unit);
    }
    return unit;
  }

  #list(unit: Unit): void {
    if (this.#areLanes || unit.isListed || !unit.mayStart) return;
    unit.isListed = true;
    this.#ready.push(unit);
  }
}
