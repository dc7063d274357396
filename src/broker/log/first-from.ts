/**
 * Finds by halves where a sorted list goes on.
 *
 * @param start index of the first item that counts
 * @returns the index of the first item that does not come before; the list's length without one
 */
export function firstFrom<T>(list: readonly T[], start: number, comesBefore: (item: T) => boolean): number {
  let low = start;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && comesBefore(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
