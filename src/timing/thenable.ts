/**
 * Returns true for anything that has to be awaited: a promise, one of another realm or library, or a query that runs only when it is
 * awaited, as those of Knex, Mongoose and Drizzle.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  return (
    (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value && typeof value.then === 'function'
  );
}
