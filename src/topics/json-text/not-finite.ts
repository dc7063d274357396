/** What a text must have somewhere to hold a number that becomes infinite. */
const CANDIDATE = /[eE]\+?\d{3}|\d{309}/;

/**
 * Finds a number that `JSON.parse` has read as infinite, as it does with `1e400`.
 *
 * @returns its path, as `items[2].price`; undefined when there is none
 */
export function findNotFinite(source: string, parsed: unknown): string | undefined {
  if (!CANDIDATE.test(source)) return undefined;
  const open: Array<{ readonly part: unknown; readonly path: string }> = [{ part: parsed, path: '' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, path } = next;
    if (part === Infinity || part === -Infinity) return path;
    if (Array.isArray(part)) for (const [at, item] of part.entries()) open.push({ part: item, path: `${path}[${at}]` });
    else if (typeof part === 'object' && part !== null)
      for (const [name, item] of Object.entries(part)) open.push({ part: item, path: path === '' ? name : `${path}.${name}` });
  }
  return undefined;
}
