/** A queue with cheap `shift`: arrays move all their elements when one is taken from the front. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at a distance from the front. */
  peek(distance = 0): T | undefined {
    return this.#items[this.#head + distance];
  }

  shift(): T | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined as T;
    this.#head++;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) this.#compact();
    return item;
  }

  /** Puts an item before the first one that is greater. */
  insert(item: T, isGreater: (other: T) => boolean): void {
    let at = this.#head;
    while (at < this.#items.length && !isGreater(this.#items[at]!)) at++;
    this.#items.splice(at, 0, item);
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
