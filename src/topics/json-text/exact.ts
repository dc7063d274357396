/** Deeper values are left to the slower look, which notices values that contain themselves. */
const MAX_DEPTH = 100;

/**
 * Returns true for a value that `JSON.stringify` writes exactly: strings, booleans, null, finite numbers, and lists and plain
 * objects of such. False means only that a closer look is needed.
 */
export function isExact(value: unknown, depth = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return isExactNumber(value);
    case 'object':
      return value === null || (Array.isArray(value) ? isExactList(value, depth) : isExactObject(value, depth));
    default:
      return false;
  }
}

/** Finite, and not -0. */
function isExactNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

function isExactList(list: readonly unknown[], depth: number): boolean {
  const numbers = numbersAhead(list);
  if (depth === 0 || numbers < 0) return false;
  for (let at = numbers; at < list.length; at++) if (!isExact(list[at], depth - 1)) return false;
  return true;
}

/** Returns the number of numbers that the list begins with; -1 when one of them is not exact. Twice as fast as asking for each part. */
function numbersAhead(list: readonly unknown[]): number {
  let at = 0;
  for (; at < list.length; at++) {
    const part = list[at];
    if (typeof part !== 'number') break;
    if (!isExactNumber(part)) return -1;
  }
  return at;
}

/**
 * Spreads (`{ ...value, more }`) give each object a map of its own in V8, for which a loop over names, and any look at one by
 * name, costs three times as much as this: 0.3 us for 16 fields, against 1.0 us.
 */
function isExactObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (depth === 0 || (prototype !== Object.prototype && prototype !== null)) return false;
  if (Object.hasOwn(value, 'toJSON') || 'toJSON' in Object.prototype) return false;
  for (const part of Object.values(value)) if (part !== undefined && !isExact(part, depth - 1)) return false;
  return true;
}
