/** An object whose properties are not known. */
export type AnyRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is AnyRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for lists and typed arrays. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/**
 * Returns a row's value by the name of its field, also where the field is called `constructor` or `__proto__`: what every object inherits
 * under such a name is not a value of the row.
 */
export function valueOf(row: unknown, name: string): unknown {
  if (!isRecord(row)) return undefined;
  const value = row[name];
  // Only functions and `__proto__` are inherited, so that most values need no second look-up.
  if (typeof value !== 'function' && name !== '__proto__') return value;
  return Object.hasOwn(row, name) ? value : undefined;
}

/** Returns the item at a place of a list. Throws a `RangeError` where there is none: the caller has miscounted. */
export function itemAt<Item>(list: ArrayLike<Item>, place: number): Item {
  const item = list[place];
  if (item === undefined) throw new RangeError(`there is no item ${place} in a list of ${list.length}`);
  return item;
}
