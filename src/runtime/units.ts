import type { PollOptions } from '../agents/index.ts';
import { Fifo } from './fifo.ts';
import type { WorkItem } from './work-item.ts';

/** What order is kept within: a key, a lane, or a whole partition. Its items start one after the other. */
export class Unit {
  readonly id: string | number;
  /** Waiting, in offset order. */
  readonly waiting = new Fifo<WorkItem>();
  /** Started and not yet finished, in offset order: they finish in this order too. */
  readonly open: WorkItem[] = [];
  /** In the handler's hands. */
  inHand = 0;
  isBackingOff = false;
  isListed = false;

  constructor(id: string | number) {
    this.id = id;
  }

  get mayStart(): boolean {
    return this.waiting.length > 0 && this.inHand === 0 && !this.isBackingOff;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.open.length === 0 && !this.isBackingOff;
  }

  /** Puts an item that was started back in its place. */
  putBack(item: WorkItem): void {
    this.waiting.insert(item, (other) => other.offset > item.offset);
    const index = this.open.indexOf(item);
    if (index >= 0) this.open.splice(index, 1);
  }
}

/**
 * Items that wait to be started, by unit, oldest first. Items without unit have no order to keep. Nothing beyond
 * `limit` is started, so that the run-ahead over the smallest unfinished offset stays bounded.
 */
export class Units {
  readonly #units = new Map<string | number, Unit>();
  /** Units that may start, in the order in which they became so. */
  readonly #ready = new Fifo<Unit>();
  readonly #loose = new Fifo<WorkItem>();

  add(item: WorkItem, id: string | number | undefined): void {
    if (id === undefined) {
      this.#loose.push(item);
      return;
    }
    let unit = this.#units.get(id);
    if (unit === undefined) {
      unit = new Unit(id);
      this.#units.set(id, unit);
    }
    item.unit = unit;
    unit.waiting.push(item);
    this.#list(unit);
  }

  /** Takes up to `max` items that may start: several of one unit only when `runs`. */
  take(max: number, limit: number, options: PollOptions): WorkItem[] {
    const taken: WorkItem[] = [];
    if (options.lane !== undefined) {
      const unit = this.#units.get(options.lane);
      const isFree = unit?.mayStart === true || (options.joins === true && unit?.isBackingOff === false);
      if (unit !== undefined && isFree) this.#start(unit, max, limit, options.runs === true, taken);
    } else {
      this.#takeReady(max, limit, options.runs === true, taken);
    }
    this.#takeLoose(max, limit, taken);
    return taken;
  }

  /** A unit that has become free, or has got something back. */
  refresh(unit: Unit): void {
    if (unit.isEmpty) this.#units.delete(unit.id);
    else this.#list(unit);
  }

  putBackLoose(item: WorkItem): void {
    this.#loose.insert(item, (other) => other.offset > item.offset);
  }

  #takeReady(max: number, limit: number, isRun: boolean, taken: WorkItem[]): void {
    for (let left = this.#ready.length; left > 0 && taken.length < max; left--) {
      const unit = this.#ready.shift()!;
      unit.isListed = false;
      if (!unit.mayStart) continue;
      if (unit.waiting.peek()!.offset >= limit) this.#list(unit);
      else this.#start(unit, max, limit, isRun, taken);
    }
  }

  #start(unit: Unit, max: number, limit: number, isRun: boolean, taken: WorkItem[]): void {
    let most = isRun ? max - taken.length : 1;
    while (most-- > 0 && unit.waiting.length > 0 && unit.waiting.peek()!.offset < limit) {
      const item = unit.waiting.shift()!;
      unit.inHand++;
      unit.open.push(item);
      taken.push(item);
    }
  }

  #takeLoose(max: number, limit: number, taken: WorkItem[]): void {
    while (taken.length < max && this.#loose.length > 0 && this.#loose.peek()!.offset < limit) {
      taken.push(this.#loose.shift()!);
    }
  }

  #list(unit: Unit): void {
    if (unit.isListed || !unit.mayStart) return;
    unit.isListed = true;
    this.#ready.push(unit);
  }
}
