import type { WorkItem } from '../work-item.ts';

/**
 * Items in offset order, linked by their own `next`: an item is in one list at most. An array's first element makes it
 * take room for 17, which is much for the many lists that hold one item and go.
 */
export class ItemList {
  first: WorkItem | undefined;
  #last: WorkItem | undefined;

  /** Adds an item behind all others. */
  push(item: WorkItem): void {
    if (this.#last === undefined) this.first = item;
    else this.#last.next = item;
    this.#last = item;
  }

  shift(): WorkItem | undefined {
    const item = this.first;
    if (item !== undefined) this.#unlink(undefined, item);
    return item;
  }

  /** Puts an item in its place. */
  insert(item: WorkItem): void {
    let before: WorkItem | undefined;
    for (let next = this.first; next !== undefined && next.offset < item.offset; next = next.next) before = next;
    item.next = before === undefined ? this.first : before.next;
    if (before === undefined) this.first = item;
    else before.next = item;
    if (item.next === undefined) this.#last = item;
  }

  find(offset: number): WorkItem | undefined {
    let item = this.first;
    while (item !== undefined && item.offset !== offset) item = item.next;
    return item;
  }

  remove(item: WorkItem): void {
    let before: WorkItem | undefined;
    for (let each = this.first; each !== undefined; each = each.next) {
      if (each === item) return this.#unlink(before, item);
      before = each;
    }
  }

  #unlink(before: WorkItem | undefined, item: WorkItem): void {
    if (before === undefined) this.first = item.next;
    else before.next = item.next;
    if (this.#last === item) this.#last = before;
    item.next = undefined;
  }
}
