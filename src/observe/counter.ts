/** A number that grows. Kept by the part that counts, so that counting is one addition. */
export class Counter {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}
