import { describe, expect, it } from 'vitest';
import { deadLetter, type Failure, retry, skip, stop, when } from '../../src/agents/index.ts';
import { ConfigError, StreamerError } from '../../src/errors.ts';
import { backoff } from '../../src/timing/index.ts';

const failure = (error: unknown, attempt = 1, retryable = true): Failure => ({ error, attempt, retryable });
const actions = (policy: ReturnType<typeof retry>, attempts: number, retryable = true) =>
  Array.from({ length: attempts }, (_, n) => policy.decide(failure(new Error('x'), n + 1, retryable)).action);

describe('failure policies', () => {
  it('retry counts the first try, then does what is said otherwise', () => {
    expect(actions(retry({ attempts: 3 }), 3)).toEqual(['retry', 'retry', 'deadLetter']);
    expect(
      retry({ attempts: 1 })
        .otherwise(skip())
        .decide(failure(new Error('x'))).action,
    ).toBe('skip');
    expect(retry({ attempts: 5 }).otherwise(deadLetter()).description).toBe('retry 5, then dead letter');
  });

  it('an error that is final is not tried again', () => {
    expect(retry({ attempts: 9 }).decide(failure(new Error('x'), 1, false)).action).toBe('deadLetter');
  });

  it('waits grow, are capped, and vary by a fifth', () => {
    for (let n = 0; n < 100; n++) {
      expect(backoff(1, 100, 1_000)).toBeGreaterThanOrEqual(80);
      expect(backoff(1, 100, 1_000)).toBeLessThanOrEqual(120);
      expect(backoff(30, 100, 1_000)).toBeLessThanOrEqual(1_200);
      expect(backoff(30, 100, 1_000)).toBeGreaterThanOrEqual(800);
    }
  });

  it('dead letters may go to a topic of their own', () => {
    expect(deadLetter('graveyard').decide(failure(1))).toEqual({ action: 'deadLetter', topic: 'graveyard' });
  });

  it('differ by class, by code, and by a function', () => {
    const policy = when(RangeError, skip()).otherwise(
      when('ENOENT', stop()).otherwise(when((error) => error === 7, deadLetter()).otherwise(retry())),
    );
    expect(policy.decide(failure(new RangeError('x'))).action).toBe('skip');
    expect(policy.decide(failure(Object.assign(new Error('x'), { code: 'ENOENT' }))).action).toBe('stop');
    expect(policy.decide(failure(7)).action).toBe('deadLetter');
    expect(policy.decide(failure(new Error('x'))).action).toBe('retry');
    expect(when('VALIDATION', skip()).decide(failure(new StreamerError('VALIDATION', 'x'))).action).toBe('skip');
    expect(policy.description).toBe('RangeError: skip; else ENOENT: stop; else some errors: dead letter; else retry 5, then dead letter');
  });

  it('refuses options that cannot work, quoting what came', () => {
    expect(() => retry({ attempts: 0 })).toThrow(ConfigError);
    expect(() => retry({ delayMs: -1 })).toThrow(/delayMs: expected milliseconds from 0 .*got -1/);
    expect(() => retry({ factor: Number.NaN })).toThrow(/factor/);
  });
});
