import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KafkaError } from '../../src/errors.ts';
import { backoff, deferred, limited, persist, sleep, systemClock, within } from '../../src/timing/index.ts';

const never = () => new Promise<never>(() => {});

describe('sleep', () => {
  it('ends with its signal, and leaves no listener on it', async () => {
    const stopping = new AbortController();
    const sleeping = sleep(60_000, stopping.signal);
    stopping.abort();
    await sleeping;
    await sleep(60_000, stopping.signal);
  });

  it('lasts as long as it is told, also beyond the longest timer of Node.js, which would fire at once', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const fired: number[] = [];
    for (const ms of [2 ** 31 - 1, 2 ** 31, 3e9, 1e10]) systemClock.after(ms, () => fired.push(ms));
    systemClock.after(1e10, () => fired.push(-1)).cancel();
    systemClock.after(Number.POSITIVE_INFINITY, () => fired.push(-2)).cancel();
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(fired).toEqual([]);
    await vi.advanceTimersByTimeAsync(3e9 - 2 ** 31 + 1);
    expect(fired).toEqual([2 ** 31 - 1, 2 ** 31]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fired).toEqual([2 ** 31 - 1, 2 ** 31, 3e9]);
    await vi.advanceTimersByTimeAsync(7e9);
    expect(fired).toEqual([2 ** 31 - 1, 2 ** 31, 3e9, 1e10]);
  });
});

describe('within', () => {
  it('gives what the work gives, or undefined when the time or the signal ends it', async () => {
    expect(await within(Promise.resolve(3), 1_000)).toBe(3);
    expect(await within(never(), 1)).toBeUndefined();
    expect(await within(never(), 60_000, AbortSignal.abort())).toBeUndefined();
  });

  it('rejects as the work does, and leaves a late rejection to nobody', async () => {
    await expect(within(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    const late = deferred<never>();
    expect(await within(late.promise, 1)).toBeUndefined();
    late.reject(new Error('late'));
  });
});

describe('limited', () => {
  it('rejects, with a retryable error that names the work, when the time is over', async () => {
    await expect(limited(never(), 1, 'reading positions')).rejects.toMatchObject({
      code: 'KAFKA',
      retryable: true,
      message: 'reading positions: no answer within 1 ms',
    });
    expect(await limited(Promise.resolve('a'), 1_000, 'reading')).toBe('a');
  });
});

describe('persist', () => {
  it('tries again after a transient error and tells of each, until the work succeeds', async () => {
    const told: string[] = [];
    let attempts = 0;
    const work = async () => {
      if (++attempts === 1) throw new KafkaError('retry', 'away');
      return attempts;
    };
    expect(await persist(work, new AbortController().signal, ({ message }) => told.push(message))).toBe(2);
    expect(told).toEqual(['away']);
  });

  it('ends with an error that is final, and with the signal', async () => {
    const refused = async () => {
      throw new KafkaError('refused', 'never');
    };
    await expect(persist(refused, new AbortController().signal, () => {})).rejects.toThrow('never');
    const stopping = new AbortController();
    const away = async () => {
      throw new KafkaError('retry', 'away');
    };
    await expect(persist(away, stopping.signal, () => stopping.abort())).rejects.toThrow('away');
  });
});

it('backoff of no delay is none, whatever the attempt', () => {
  expect(backoff(5_000, 0, 1_000)).toBe(0);
});
