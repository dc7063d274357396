/**
 * Joins sets of topics that share a topic: what is read together with a topic is read together with all that this one is
 * read with. Returns each group sorted, the groups in the order of their first topics.
 */
export function joinGroups(sets: Iterable<readonly string[]>): string[][] {
  const groupOf = new Map<string, Set<string>>();
  for (const set of sets) {
    const joined = new Set(set);
    for (const topic of set) for (const other of groupOf.get(topic) ?? []) joined.add(other);
    for (const topic of joined) groupOf.set(topic, joined);
  }
  return [...new Set(groupOf.values())].map((group) => [...group].sort()).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}
