/** An event of one agent that was started. */
export interface StartedEvent {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly isInFlight: boolean;
}

/**
 * Returns the events whose handlers may have blocked the event loop between two times, the likely one first.
 *
 * While a handler blocks, no other event starts: it is the one after whose start nothing started for most of the time. Events that wait
 * behind it start as soon as it ends, so the last one is not the one to look at. Where no event that was started in that time explains
 * it, a handler of an earlier one went on: any of those in flight.
 */
export function suspectsOf<T extends StartedEvent>(last: readonly T[], blockedFrom: number, now: number): T[] {
  const within = last.filter(({ startedAt }) => startedAt >= blockedFrom).sort((a, b) => a.startedAt - b.startedAt);
  const gapOf = new Map(within.map((event, index) => [event, (within[index + 1]?.startedAt ?? now) - event.startedAt]));
  const longest = Math.max(0, ...gapOf.values());
  const likely = longest * 2 > now - blockedFrom ? within.find((event) => gapOf.get(event) === longest) : undefined;
  const earlier = last.filter(({ startedAt, isInFlight }) => startedAt < blockedFrom && isInFlight);
  const others = (likely === undefined ? [...earlier, ...within] : within).filter((event) => event !== likely);
  return likely === undefined ? others : [likely, ...others.filter(({ isInFlight }) => isInFlight)];
}
