interface Linked<T> {
  readonly place: number;
  next: T | undefined;
}

/**
 * Items by their place, linked by their own `next`: an item is in one list at most. The first element of an array makes it
 * take room for 17, which is much for the many lists that hold one item and go.
 */
export class ItemList<T extends Linked<T>> {
  first: T | undefined;
  #last: T | undefined;

  /** Adds an item behind all others. */
  push(item: T): void {
    if (this.#last === undefined) this.first = item;
    else this.#last.next = item;
    this.#last = item;
  }

  shift(): T | undefined {
    const item = this.first;
    if (item !== undefined) this.#unlink(undefined, item);
    return item;
  }

  /** Puts an item in its place. */
  insert(item: T): void {
    let before: T | undefined;
    for (let next = this.first; next !== undefined && next.place < item.place; next = next.next) before = next;
    item.next = before === undefined ? this.first : before.next;
    if (before === undefined) this.first = item;
    else before.next = item;
    if (item.next === undefined) this.#last = item;
  }

  find(isWanted: (item: T) => boolean): T | undefined {
    let item = this.first;
    while (item !== undefined && !isWanted(item)) item = item.next;
    return item;
  }

  remove(item: T): void {
    let before: T | undefined;
    for (let each = this.first; each !== undefined; each = each.next) {
      if (each === item) return this.#unlink(before, item);
      before = each;
    }
  }

  #unlink(before: T | undefined, item: T): void {
    if (before === undefined) this.first = item.next;
    else before.next = item.next;
    if (this.#last === item) this.#last = before;
    item.next = undefined;
  }
}
