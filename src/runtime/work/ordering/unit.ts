import { ItemList } from './item-list.ts';

/** What ordering asks of an item, and notes on it: an item is in one unit and one list at most. */
export interface Ordered<T extends Ordered<T>> {
  /** Items of one unit start and finish in this order. */
  readonly place: number;
  /** The next one in its list. */
  next: T | undefined;
  unit: Unit<T> | undefined;
  /** Its next attempt waits for its time. */
  isBackingOff: boolean;
}

/** What order is kept within: a key, a lane, or a whole partition. Its items start one after the other. */
export class Unit<T extends Ordered<T>> {
  id = 0;
  readonly waiting = new ItemList<T>();
  /** Started and not finished; they finish in this order. */
  readonly open = new ItemList<T>();
  /** Items with the behaviour. */
  inFlight = 0;
  isBackingOff = false;
  isListed = false;

  get mayStart(): boolean {
    return this.waiting.first !== undefined && this.inFlight === 0 && !this.isBackingOff;
  }

  get isEmpty(): boolean {
    return this.waiting.first === undefined && this.open.first === undefined && !this.isBackingOff;
  }

  /** Puts a started item back into its place. */
  putBack(item: T): void {
    this.open.remove(item);
    this.waiting.insert(item);
  }
}
