/** Events per second since the last look. */
export class Pace {
  #events = 0;
  #at = performance.now();

  after(events: number): number {
    const now = performance.now();
    const seconds = (now - this.#at) / 1000;
    const perSecond = seconds > 0 ? (events - this.#events) / seconds : 0;
    this.#events = events;
    this.#at = now;
    return perSecond;
  }
}
