import { describe, expect, it } from 'vitest';
import { deadLetter, type FailurePolicy, retry, skip, stop, waitFor, when } from '../../../src/agents/index.ts';
import { KafkaError } from '../../../src/errors.ts';
import { unavailable } from '../../../src/outage.ts';
import { ALONE_MS, type FailedAttempt, judge } from '../../../src/runtime/work/failure.ts';

const busy = Object.assign(new Error('503'), { response: { status: 503 } });

const verdict = (policy: FailurePolicy, error: unknown = busy, more: Partial<FailedAttempt> = {}) =>
  judge({ error, policy, attempt: 1, waits: 0, waitedMs: 0, othersSucceed: false, waiting: 1, isHandled: false, ...more });

describe('an error that looks like an outage', () => {
  it.each([retry(), skip(), deadLetter(), stop(), when(RangeError, skip()).otherwise(deadLetter())])(
    'is waited for, whatever follows other errors: $description',
    (policy) => {
      expect(verdict(policy)).toMatchObject({ action: 'wait' });
      expect(verdict(policy, busy, { waitedMs: 86_400_000, waits: 1_000 })).toMatchObject({ action: 'wait' });
    },
  );

  it('is judged by the policy where the policy names it', () => {
    const isBusy = (error: unknown) => error === busy;
    expect(verdict(when(isBusy, skip()))).toEqual({ action: 'skip' });
    expect(verdict(when(isBusy, stop()))).toEqual({ action: 'stop', by: 'policy' });
    expect(verdict(when(Error, deadLetter('lost')))).toEqual({ action: 'deadLetter', topic: 'lost' });
    expect(verdict(when('ECONNREFUSED', skip()), Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toEqual({ action: 'skip' });
    expect(verdict(retry({ attempts: 2 }).otherwise(when(isBusy, skip())))).toMatchObject({ action: 'retry' });
    expect(verdict(retry({ attempts: 2 }).otherwise(when(isBusy, skip())), busy, { attempt: 2 })).toEqual({ action: 'skip' });
    expect(verdict(when('VALIDATION', skip()).otherwise(when(isBusy, deadLetter())))).toMatchObject({ action: 'deadLetter' });
  });

  it('waits no longer than waitFor says, to the millisecond', () => {
    const policy = waitFor({ maxMs: 2_000 }).otherwise(deadLetter());
    expect(verdict(policy)).toMatchObject({ action: 'wait' });
    expect(verdict(policy, busy, { waits: 3, waitedMs: 1_900 })).toEqual({ action: 'wait', delayMs: 100 });
    expect(verdict(policy, busy, { waits: 4, waitedMs: 2_000 })).toMatchObject({ action: 'deadLetter' });
    expect(verdict(policy, unavailable(busy), { waits: 4, waitedMs: 2_000 })).toMatchObject({ action: 'deadLetter' });
    expect(verdict(policy, new Error('bad row'))).toMatchObject({ action: 'deadLetter' });
    expect(verdict(waitFor({ maxMs: 10 }), busy, { waitedMs: 10 })).toMatchObject({ action: 'retry' });
    expect(verdict(waitFor(), busy, { waitedMs: 1e12, othersSucceed: true })).toMatchObject({ action: 'wait' });
    expect(() => waitFor({ maxMs: Number.POSITIVE_INFINITY })).toThrow('maxMs: expected milliseconds');
    expect(() => waitFor({ max: 1 } as never)).toThrow('unknown option "max"');
    expect(policy.description).toBe('wait up to 2000 ms, then dead letter');
  });

  it('waits for errors of other kinds where waitFor is chosen for them', () => {
    const quota = Object.assign(new Error('quota'), { code: 'E_QUOTA' });
    const policy = when('E_QUOTA', waitFor({ maxMs: 5_000 }).otherwise(skip())).otherwise(deadLetter());
    expect(verdict(policy, quota)).toMatchObject({ action: 'wait' });
    expect(verdict(policy, quota, { waitedMs: 5_000 })).toEqual({ action: 'skip' });
    expect(verdict(policy, new Error('x'))).toMatchObject({ action: 'deadLetter' });
    expect(verdict(policy)).toMatchObject({ action: 'wait' });
  });

  it('that only one event meets is judged by the policy after a while, unless it says for certain what it is', () => {
    const alone = { waits: 7, waitedMs: ALONE_MS, othersSucceed: true };
    expect(verdict(skip(), busy, alone)).toEqual({ action: 'skip' });
    expect(verdict(retry({ attempts: 2 }), busy, alone)).toMatchObject({ action: 'retry' });
    expect(verdict(retry({ attempts: 2 }), busy, { ...alone, attempt: 2 })).toMatchObject({ action: 'deadLetter' });
    expect(verdict(skip(), busy, { ...alone, waitedMs: ALONE_MS - 1 })).toMatchObject({ action: 'wait' });
    expect(verdict(skip(), busy, { ...alone, othersSucceed: false })).toMatchObject({ action: 'wait' });
    expect(verdict(skip(), busy, { ...alone, waiting: 2 })).toMatchObject({ action: 'wait' });
    expect(verdict(skip(), busy, { ...alone, waiting: 2, waitedMs: 2 * ALONE_MS })).toEqual({ action: 'skip' });
    expect(verdict(skip(), busy, { ...alone, waiting: 0 })).toEqual({ action: 'skip' });
    expect(verdict(skip(), unavailable(busy), alone)).toMatchObject({ action: 'wait' });
    expect(verdict(skip(), new KafkaError('retry', 'x'), alone)).toMatchObject({ action: 'wait' });
    expect(verdict(skip(), Object.assign(new Error('x'), { status: 429 }), alone)).toMatchObject({ action: 'wait' });
  });

  it('waits as long as the other side asks', () => {
    expect(verdict(retry(), unavailable(busy, { retryAfterMs: 40_000 }))).toEqual({ action: 'wait', delayMs: 40_000 });
  });
});

describe('an error after which the client cannot go on', () => {
  it('ends the worker, whatever the policy: a login or a version that is refused is not the fault of an event', () => {
    for (const kafkaCode of ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_VERSION', undefined]) {
      const error = new KafkaError('fatal', 'refused', { kafkaCode });
      expect(verdict(deadLetter(), error)).toEqual({ action: 'stop', by: 'operator' });
      expect(verdict(skip(), error, { isHandled: true })).toEqual({ action: 'stop', by: 'operator' });
    }
  });
});

describe('a policy of another kind', () => {
  it('that throws decides nothing: the default does', () => {
    const broken = when(() => {
      throw new Error('my predicate');
    }, skip());
    expect(verdict(broken)).toMatchObject({ action: 'wait' });
    expect(verdict(broken, new Error('x'))).toMatchObject({ action: 'retry' });
    expect(verdict(broken, new Error('x'), { attempt: 5 })).toMatchObject({ action: 'deadLetter' });
  });

  it('without an opinion on outages does not see them', () => {
    const own: FailurePolicy = { description: 'mine', decide: () => ({ action: 'skip' }) };
    expect(verdict(own)).toMatchObject({ action: 'wait' });
    expect(verdict(own, new Error('x'))).toEqual({ action: 'skip' });
    expect(verdict({ ...own, explicit: () => ({ action: 'stop' }) })).toEqual({ action: 'stop', by: 'policy' });
  });
});

describe('a missing right or topic', () => {
  it('ends the worker, also where the policy names it', () => {
    const forbidden = new KafkaError('refused', 'x', { kafkaCode: 'TOPIC_AUTHORIZATION_FAILED' });
    expect(verdict(when(KafkaError, skip()), forbidden)).toEqual({ action: 'stop', by: 'operator' });
  });
});
