import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker } from '../../../src/agents/inference/breaker.ts';

const host = { opened: vi.fn(), closed: vi.fn(), freed: vi.fn(), probe: vi.fn() };
let breaker: Breaker;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  for (const one of Object.values(host)) one.mockClear();
  breaker = new Breaker({ failures: 3, delayMs: 100, maxDelayMs: 400 }, host);
});

afterEach(() => {
  breaker.reset();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const down = new Error('down');
const fail = () => breaker.failed(down, Date.now());

describe('a breaker', () => {
  it('waits after a call without an answer, and longer after the next; any answer starts anew', () => {
    fail();
    expect(breaker).toMatchObject({ state: 'closed', isFree: false });
    vi.advanceTimersByTime(99);
    expect(host.freed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(host.freed).toHaveBeenCalledTimes(1);
    fail();
    vi.advanceTimersByTime(199);
    expect(breaker.isFree).toBe(false);
    vi.advanceTimersByTime(1);
    breaker.answered();
    fail();
    fail();
    expect(breaker.state).toBe('closed');
    expect(host.opened).not.toHaveBeenCalled();
  });

  it('is free when its timer fires, though the clock may be a millisecond behind', () => {
    const freed: boolean[] = [];
    host.freed.mockImplementationOnce(() => freed.push(breaker.isFree));
    fail();
    vi.setSystemTime(Date.now() - 1);
    vi.advanceTimersByTime(100);
    expect(freed).toEqual([true]);
  });

  it('opens after so many in a row; calls that failed together are one round of waiting', () => {
    const startedAt = Date.now();
    for (let call = 0; call < 3; call++) breaker.failed(down, startedAt);
    expect(breaker).toMatchObject({ state: 'open', opened: 1, reason: down, openSince: startedAt });
    expect(host.opened).toHaveBeenCalledWith(down);
    expect(breaker.enter()).toBeUndefined();
    vi.advanceTimersByTime(100);
    expect(host.probe).toHaveBeenCalledTimes(1);
    expect(host.freed).not.toHaveBeenCalled();
  });

  it('lets one call try when half open; a failure opens it for longer, an answer closes it', () => {
    breaker.trip(down);
    vi.advanceTimersByTime(100);
    breaker.admit();
    expect(host.freed).toHaveBeenCalledTimes(1);
    expect(breaker.enter()).toEqual({ isTrial: true });
    expect(breaker.enter()).toBeUndefined();
    fail();
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(199);
    expect(host.probe).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(host.probe).toHaveBeenCalledTimes(2);
    breaker.admit();
    breaker.enter();
    breaker.answered();
    expect(breaker).toMatchObject({ state: 'closed', opened: 1, reason: undefined, openSince: undefined });
    expect(host.closed).toHaveBeenCalledTimes(1);
    expect(breaker.enter()).toEqual({ isTrial: false });
  });

  it('gives a trial that found nothing to ask to the next', () => {
    breaker.trip(down);
    breaker.admit();
    const right = breaker.enter()!;
    breaker.leave(right);
    expect(breaker.enter()).toEqual({ isTrial: true });
  });

  it('waits no longer than its longest wait, but as long as the server asks', () => {
    for (let round = 0; round < 6; round++) {
      vi.setSystemTime(Date.now() + 1_000);
      fail();
    }
    vi.advanceTimersByTime(399);
    expect(host.probe).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(host.probe).toHaveBeenCalledTimes(1);
    breaker.failed(down, Date.now(), 5_000);
    vi.advanceTimersByTime(4_999);
    expect(host.probe).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(host.probe).toHaveBeenCalledTimes(2);
  });

  it('opens at once when the server asks for a long wait', () => {
    breaker.failed(down, Date.now(), 1_000);
    expect(breaker.state).toBe('open');
  });

  it('knows for how long calls were held up', () => {
    const from = Date.now();
    vi.advanceTimersByTime(50);
    breaker.trip(down);
    vi.advanceTimersByTime(300);
    expect(breaker.heldSince(from)).toBe(300);
    breaker.answered();
    vi.advanceTimersByTime(1_000);
    expect(breaker.heldSince(from)).toBe(300);
    expect(breaker.heldSince(from + 250)).toBe(100);
    expect(breaker.heldSince(Date.now())).toBe(0);
  });
});
