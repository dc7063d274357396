/** A queue with cheap `shift`: arrays move all their elements when one is taken from the front. */
export class Fifo<T> {
  #items: Array<T | undefined> = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The first item. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head++;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) this.#compact();
    return item;
  }

  /** Puts an item before the first one that is greater. */
  insert(item: T, isGreater: (other: T) => boolean): void {
    let at = this.#head;
    for (let other = this.#items[at]; other !== undefined && !isGreater(other); other = this.#items[at]) at++;
    this.#items.splice(at, 0, item);
  }

  /** Slow. */
  find(isWanted: (item: T) => boolean): T | undefined {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item !== undefined && isWanted(item)) return item;
    }
    return undefined;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
