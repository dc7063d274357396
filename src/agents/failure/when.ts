import { propertyOf } from '../../errors.ts';
import { type Check, checkValue, that } from '../../options/index.ts';
import { aPolicy, type Failure, type FailurePolicy, type OpenPolicy, type Verdict } from './policy.ts';
import { defaultPolicy } from './retry.ts';

/** A kind of error: its class, its `code`, or a function that returns true for it. */
export type ErrorKind = ErrorClass | string | ((error: unknown) => boolean);
type ErrorClass = abstract new (...args: never[]) => Error;

/**
 * A policy for some errors only: `when(RangeError, skip()).otherwise(retry())`. Codes are those of `StreamerError` and of
 * Node.js, as `VALIDATION` or `ENOENT`. It counts for errors that look like an outage too: `when('ECONNREFUSED', deadLetter())`.
 */
export function when(kind: ErrorKind, policy: FailurePolicy): OpenPolicy {
  checkValue('when', aKind, kind);
  checkValue('when', aPolicy, policy);
  const isMeant = matcher(kind);
  const named = (failure: Failure): Verdict => policy.decide({ ...failure, isOutage: true });
  const then = (other: FailurePolicy): FailurePolicy => {
    checkValue('when().otherwise', aPolicy, other);
    return {
      description: `${nameOf(kind)}: ${policy.description}; else ${other.description}`,
      decide: (failure) => (isMeant(failure.error) ? named(failure) : other.decide(failure)),
      explicit: (failure) => (isMeant(failure.error) ? named(failure) : other.explicit?.(failure)),
    };
  };
  return { ...then(defaultPolicy), otherwise: then };
}

const aKind: Check = that('a class of errors, a code, or a function', (kind) => typeof kind === 'string' || typeof kind === 'function');

function matcher(kind: ErrorKind): (error: unknown) => boolean {
  if (typeof kind === 'string') return (error) => propertyOf(error, 'code') === kind;
  if (isErrorClass(kind)) return (error) => isInstance(error, kind);
  return kind;
}

/** False for an error that throws when it is compared, as some proxies do. */
function isInstance(error: unknown, kind: ErrorClass): boolean {
  try {
    return error instanceof kind;
  } catch {
    return false;
  }
}

function isErrorClass(kind: Exclude<ErrorKind, string>): kind is ErrorClass {
  return kind === Error || kind.prototype instanceof Error;
}

function nameOf(kind: ErrorKind): string {
  return typeof kind === 'string' ? kind : kind.name || 'some errors';
}
